Feature: Stock
  Its page fails for some seconds, again and again.

  Scenario: Looking whether there is a penguin
    When I go to "/"
    And I follow "Stock"
    Then I should see "penguin in stock"
