Feature: www.example.org
  To be broadly available on the Internet
  As a visitor
  I should be able to visit

  # As cucumber-nagios-gen wrote them, and as people edited them.
  Scenario: Visiting home page
    When I go to http://www.example.org
    Then the request should succeed
    And I should see "<title>inode\.co\.nz</title>"
    And I should see "small .*IT.*company"

  Scenario: Going the quoted way
    When I go to "http://www.example.org/contact"
    Then I should see "PGP"
    And I should not see "Exception|Fatal error"

  Scenario Outline: Pages that are not there
    When I go to http://www.example.org/<page>
    Then the gone request should succeed

    Examples:
      | page    |
      | missing |
      | gone    |

  Scenario: Logging in
    When I go to "http://www.example.org/login"
    And I fill in "User name" with "monitor"
    And I fill in "password" with "open sesame"
    And I select "English" from "Language"
    And I check "Remember me"
    And I uncheck "Remember me"
    And I press "Log in"
    Then I should see "Welcome, monitor"
    When I follow "Log out"
    Then I should not see "Welcome, monitor"
