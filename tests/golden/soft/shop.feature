Feature: Shop

  Scenario: Order
    Given I go to "http://shop.test/"
    When I follow "News", or warn
    Then I should see "Special offer", or warn
    And I should see "Stock"
    And whatever happens, I follow "Log out"
    And I should see "Goodbye"

  Scenario: Order twice
    Given I go to "http://shop.test/"
    When I follow "Order"
    Then I should see "Stock", or warn
    And whatever happens, I follow "Log out"
