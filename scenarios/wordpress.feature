# A WordPress whose administration is for HTTPS only, and whose pages are for HTTP only (docs/how-to/wordpress.rst).
#   Variable "title" "The blog"
#   Variable "post" "Hello world!"
#   Variable "user" "monitor"
#   Secret "password" "/etc/collectd/secrets/wordpress"
Feature: The blog
  Visitors read it, authors log in to it

  # series: read
  Scenario: A visitor reads the first post
    Given I am on "/"
    Then I should see "${title}"
    And the page's style sheets, scripts and images should load
    # series: first_post
    When I follow "${post}"
    Then the title should contain "${post}"
    And the page's style sheets, scripts and images should load

  # series: files
  Scenario: Files come from nginx
    When I fetch headers from "/wp-includes/js/jquery/jquery.min.js"
    Then the "X-Served-By" header should be "nginx"
    And the "Content-Type" header should contain "javascript"

  # series: encrypted
  Scenario: The administration is for HTTPS only
    When I go to "/wp-admin/"
    Then I should be redirected to "/wp-login.php"
    And the scheme should be "https"
    And I should see "Username or Email Address"

  # series: log_in
  Scenario: An author logs in and out
    Given I am on "/wp-admin/"
    Then the scheme should be "https"
    When I fill in "Username or Email Address" with "${user}"
    And I fill in "Password" with "${password}"
    # series: dashboard
    And I press "Log In"
    Then the title should contain "Dashboard"
    And the page's style sheets, scripts and images should load
    # series: log_out
    And I follow "Log Out"
    Then I should see "You are now logged out."
    # series: closed_again
    When I go to "/wp-admin/"
    Then I should see "Username or Email Address"
    # series: back_to_http
    When I follow "Go to"
    Then the scheme should be "http"
    And I should see "${title}"

  # series: wrong_password
  @no-retry
  Scenario: A wrong password is told
    Given I am on "/wp-login.php"
    When I fill in "Username or Email Address" with "nobody-of-the-monitor"
    And I fill in "Password" with "wrong"
    And I press "Log In"
    Then I should see "is not registered on this site"
    And I should be on "/wp-login.php"
