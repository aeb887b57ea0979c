Feature: Logging in

  Background:
    Given I am on "/login"

  # series: login
  Scenario: The monitor logs in
    When I fill in "User name" with "${user}"
    And I fill in "Password" with "${password}"
    And I press "Log in"
    Then I should see "Welcome"
