# Logs in as a user of its own, so that nobody's account is locked by a wrong password, and looks for what only
# somebody who is logged in can see.  The password comes from a file:
#   Secret "password" "/etc/collectd/secrets/shop"
Feature: Logging in
  A customer should get from the log-in form to the account page

  Background:
    Given I am on "/login"

  Scenario: The monitor logs in
    When I fill in "User name" with "${user}"
    And I fill in "Password" with "${password}"
    And I select "English" from "Language"
    And I check "Remember me"
    And I press "Log in"
    Then I should see "Welcome, ${user}"
    And I should see "Log out"

  # series: wrong_password
  Scenario: A wrong password is refused
    When I fill in "User name" with "${user}"
    And I fill in "Password" with "wrong"
    And I press "Log in"
    Then I should see "Wrong user name or password"
    And I should not see "Welcome"
