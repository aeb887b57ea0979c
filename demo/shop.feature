Feature: Shop
  Its page gets slow and quick again: watch which step it is.

  Scenario: Browsing the shop
    When I go to "/"
    And I follow "Shop"
    Then I should see "1 penguin"
