Feature: Slow

  Scenario: Home
    When I go to "http://www.example.org/"
    Then I should see "Welcome"
