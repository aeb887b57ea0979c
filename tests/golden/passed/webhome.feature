Feature: inode.co.nz
  It should be up
  And the home page should introduce Inode
  And the Contact page should have my PGP key fingerprint

  Scenario: Visiting home and contact pages
    When I go to http://inode.co.nz
    Then I should see "Inode is a small IT consultancy & services company based in Dunedin NZ. "

  Scenario: Visiting the contact page via the home page
    When I go to http://inode.co.nz
    And I follow "Contact"
    Then I should see "B50F BE3B D49B 3A8A 9CC3 8966 9374 82CD C982 0605"
