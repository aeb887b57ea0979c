Feature: Notes
  A single-page application: what the server sends is an empty page and a script.

  Scenario: Keeping a note
    When I go to "/"
    Then I should see "Log in" within "h1"
    When I fill in "User name" with "monitor"
    And I fill in "Password" with "${password}"
    And I press "Log in"
    Then I should see "Notes of monitor"
    And I should see "Buy milk" within "li"
    When I fill in "New note" with "Feed the penguin"
    And I press "Add"
    Then I should see "Feed the penguin" within "li"
    When I press "Sign out"
    Then I should see "Log in" within "h1"
    And I should not see "Feed the penguin"
