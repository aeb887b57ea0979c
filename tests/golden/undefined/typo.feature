Feature: Typos

  Scenario: A step that is none
    When I go to "http://www.example.org/"
    And I folow "Contact"

  Scenario: No steps

  Scenario: A good one
    When I go to "http://www.example.org/"
