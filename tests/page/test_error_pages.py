"""The error pages of frameworks, servers and applications, in production and in debug mode."""

import pytest

from collectd_inode.page.page import Page


@pytest.mark.parametrize(
    ("body", "said", "status"),
    [
        pytest.param(
            "<!DOCTYPE html><html><head><title>We're sorry, but something went wrong (500)</title><style>"
            'body{}</style></head><body class="rails-default-error-page"><div class="dialog"><div><h1>'
            "We're sorry, but something went wrong.</h1></div><p>If you are the application owner check "
            "the logs for more information.</p></div></body></html>",
            "We're sorry, but something went wrong. If you are the application owner check the logs for "
            "more information.",
            500,
            id="rails-prod",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>Action Controller: Exception caught</title></head><body>"
            '<header role="banner"><h1>ActiveRecord::ConnectionNotEstablished in TeaController#index</h1>'
            '</header><main role="main" id="container"><div class="exception-message"><div '
            'class="message">connection to server at &quot;127.0.0.1&quot;, port 5432 failed: Connection '
            'refused</div></div><h2>Rails.root: /srv/shop</h2><div id="traces"><a href=#>Application '
            "Trace</a> | <a href=#>Framework Trace</a></div></main></body></html>",
            'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
            500,
            id="rails-debug",
        ),
        pytest.param(
            "<!doctype html><html lang=en><head><title>Server Error (500)</title></head><body><h1>Server "
            "Error (500)</h1><p></p></body></html>",
            "Server Error (500)",
            500,
            id="django-prod",
        ),
        pytest.param(
            '<html><head><title>OperationalError at /tea/</title></head><body><header id="summary"><h1>'
            'OperationalError at /tea/</h1><pre class="exception_value">connection to server at "db" '
            '(10.0.0.5), port 5432 failed: Connection refused</pre><table class="meta"><tr><th '
            'scope="row">Request Method:</th><td>GET</td></tr><tr><th>Django Version:</th><td>4.2</td>'
            '</tr></table></header><main id="info"><div id="traceback"><h2>Traceback <a href=#>Switch to '
            'copy-and-paste view</a></h2><ul class="traceback"><li class="frame django"><code>'
            '/usr/lib/x.py</code>, line 219</li></ul></div><div id="requestinfo"><h2>Request '
            "information</h2></div></main></body></html>",
            'connection to server at "db" (10.0.0.5), port 5432 failed: Connection refused',
            500,
            id="django-debug",
        ),
        pytest.param(
            '<html><head><title>403 Forbidden</title></head><body><div id="summary"><h1>Forbidden <span>'
            "(403)</span></h1><p>CSRF verification failed. Request aborted.</p><p>You are seeing this "
            "message because this site requires a CSRF cookie</p></div></body></html>",
            "Forbidden (403) CSRF verification failed. Request aborted. You are seeing this message "
            "because this site requires a CSRF cookie",
            403,
            id="django-csrf",
        ),
        pytest.param(
            '<html><head><title>Server Error</title></head><body class="antialiased"><div '
            'class="relative flex items-top justify-center min-h-screen"><div class="max-w-xl mx-auto">'
            '<div class="flex items-center pt-8"><div class="px-4 text-lg text-gray-500 border-r '
            'border-gray-400 tracking-wider">500</div><div class="ml-4 text-lg text-gray-500 uppercase '
            'tracking-wider">Server Error</div></div></div></div></body></html>',
            "500 Server Error",
            500,
            id="laravel-prod",
        ),
        pytest.param(
            '<html><head><title>Page Expired</title></head><body><div class="flex-center position-ref '
            'full-height"><div class="code">419</div><div class="message" style="padding: 10px;">Page '
            "Expired</div></div></body></html>",
            "419 Page Expired",
            419,
            id="laravel-419",
        ),
        pytest.param(
            "<html><head><title>🧨 SQLSTATE[HY000] [2002] Connection refused</title></head><body><script>"
            'window.data={}</script><div id="app"><nav><a href=#>Stack</a></nav><main><section><span>'
            "Illuminate\\Database\\QueryException</span><h1>SQLSTATE[HY000] [2002] Connection refused "
            "(Connection: mysql, SQL: select * from `tea`)</h1></section></main></div></body></html>",
            "SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select * from `tea`)",
            500,
            id="laravel-ignition",
        ),
        pytest.param(
            "<html><head><title>An Error Occurred: Internal Server Error</title></head><body><div "
            'class="container"><h1>Oops! An Error Occurred</h1><h2>The server returned a "500 Internal '
            'Server Error".</h2><p>Something is broken. Please let us know what you were doing when this '
            "error occurred.</p></div></body></html>",
            'Oops! An Error Occurred The server returned a "500 Internal Server Error". Something is '
            "broken. Please let us know what you were doing when this error occurred.",
            500,
            id="symfony-prod",
        ),
        pytest.param(
            "<html><head><title>An exception occurred in driver: SQLSTATE[HY000] [2002] Connection "
            'refused (500 Internal Server Error)</title></head><body><header><div class="container"><h1 '
            'class="logo">Symfony Exception</h1><div class="help-link"><a href="https://symfony.com/doc">'
            'Symfony Docs</a></div></div></header><div class="exception-summary"><div '
            'class="exception-metadata"><div class="container"><h2 class="exception-hierarchy"><a href=#>'
            "PDOException</a> <span class=icon></span> ConnectionException</h2><h2 "
            'class="exception-http">HTTP 500 <small>Internal Server Error</small></h2></div></div><div '
            'class="exception-message-wrapper"><div class="container"><h1 class="break-long-words '
            'exception-message">An exception occurred in driver: SQLSTATE[HY000] [2002] Connection '
            'refused</h1><div class="exception-illustration"><svg></svg></div></div></div></div><div '
            "class=tabs>Exceptions 3 Logs 2</div></body></html>",
            "An exception occurred in driver: SQLSTATE[HY000] [2002] Connection refused",
            500,
            id="symfony-debug",
        ),
        pytest.param(
            '<!DOCTYPE html><html><head><title>Runtime Error</title></head><body bgcolor="white"><span>'
            "<H1>Server Error in '/' Application.<hr width=100% size=1 color=silver></H1><h2> <i>Runtime "
            'Error</i> </h2></span><font face="Arial"><b> Description: </b>An application error occurred '
            "on the server. The current custom error settings for this application prevent the details "
            "of the application error from being viewed remotely.<br><br><b>Details:</b> To enable the "
            "details</font></body></html>",
            "Server Error in '/' Application. Runtime Error Description: An application error occurred "
            "on the server. The current custom error settings for this application prevent the details "
            "of the application…",
            500,
            id="aspnet-yellow",
        ),
        pytest.param(
            "<html><head><title>A network-related or instance-specific error occurred</title></head>"
            "<body bgcolor=\"white\"><span><H1>Server Error in '/Shop' Application.<hr></H1><h2> <i>A "
            "network-related or instance-specific error occurred while establishing a connection to SQL "
            "Server.</i> </h2></span><b> Description: </b>An unhandled exception occurred during the "
            "execution of the current web request.<br><b> Exception Details: </b>"
            "System.Data.SqlClient.SqlException: A network-related or instance-specific error "
            "occurred<br></body></html>",
            "Exception Details: System.Data.SqlClient.SqlException: A network-related or "
            "instance-specific error occurred",
            500,
            id="aspnet-debug",
        ),
        pytest.param(
            '<html><head><title>Error - Shop</title></head><body><header><nav class="navbar '
            'navbar-expand-sm"><a class=navbar-brand href=/>Shop</a><ul class=navbar-nav><li><a href=/>'
            "Home</a><li><a href=/p>Privacy</a></ul></nav></header><div class=container><main role=main "
            'class=pb-3><h1 class="text-danger">Error.</h1><h2 class="text-danger">An error occurred '
            "while processing your request.</h2><p><strong>Request ID:</strong> <code>00-ab-01</code></p>"
            "<h3>Development Mode</h3><p>Swapping to <strong>Development</strong> environment</p></main>"
            '</div><footer class="border-top footer text-muted"><div class=container>&copy; 2026 - '
            "Shop</div></footer></body></html>",
            "Error. An error occurred while processing your request.",
            500,
            id="aspnetcore-prod",
        ),
        pytest.param(
            "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for "
            "/error, so you are seeing this as a fallback.</p><div id='created'>Sun Nov 29 18:00:00 UTC "
            "2026</div><div>There was an unexpected error (type=Internal Server Error, status=500).</div>"
            "<div>Could not open JPA EntityManager for transaction</div></body></html>",
            "Whitelabel Error Page There was an unexpected error (type=Internal Server Error, "
            "status=500). Could not open JPA EntityManager for transaction",
            500,
            id="spring",
        ),
        pytest.param(
            '<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><pre>Error: connect '
            "ECONNREFUSED 127.0.0.1:5432<br> &nbsp; &nbsp;at TCPConnectWrap.afterConnect [as oncomplete] "
            "(node:net:1595:16)</pre></body></html>",
            "Error: connect ECONNREFUSED 127.0.0.1:5432",
            500,
            id="express",
        ),
        pytest.param(
            '<!DOCTYPE html><html lang="en"><head><title>Error</title></head><body><pre>Cannot GET '
            "/tea</pre></body></html>",
            "Cannot GET /tea",
            404,
            id="express404",
        ),
        pytest.param(
            "<!doctype html><html lang=en><title>500 Internal Server Error</title><h1>Internal Server "
            "Error</h1><p>The server encountered an internal error and was unable to complete your "
            "request. Either the server is overloaded or there is an error in the application.</p>",
            "Internal Server Error The server encountered an internal error and was unable to complete "
            "your request. Either the server is overloaded or there is an error in the application.",
            500,
            id="flask",
        ),
        pytest.param(
            "<!doctype html><html lang=en><head><title>sqlalchemy.exc.OperationalError: "
            "(psycopg2.OperationalError) connection refused // Werkzeug Debugger</title></head><body "
            'style="background-color: #fff"><div class="debugger"><h1>OperationalError</h1><div '
            'class="detail"><p class="errormsg">sqlalchemy.exc.OperationalError: '
            "(psycopg2.OperationalError) connection to server at &#34;db&#34; failed: Connection "
            'refused</p></div><h2 class="traceback">Traceback <em>(most recent call last)</em></h2><div '
            'class="traceback"><ul><li><div class="frame"><h4>File <cite class="filename">'
            '"/app.py"</cite>, line <em class="line">3</em></h4></div></li></ul></div><div class="plain">'
            "<p>This is the Copy/Paste friendly version of the traceback.</p></div></div></body></html>",
            'sqlalchemy.exc.OperationalError: (psycopg2.OperationalError) connection to server at "db" '
            "failed: Connection refused; Traceback (most recent call last)",
            500,
            id="werkzeug",
        ),
        pytest.param(
            "Internal Server Error\n",
            "Internal Server Error",
            500,
            id="go",
        ),
        pytest.param(
            "404 page not found\n",
            "404 page not found",
            404,
            id="go404",
        ),
        pytest.param(
            '<!doctype html><html lang="en"><head><title>HTTP Status 500 – Internal Server Error</title>'
            '</head><body><h1>HTTP Status 500 – Internal Server Error</h1><hr class="line" /><p><b>'
            "Type</b> Exception Report</p><p><b>Message</b> Cannot create PoolableConnectionFactory "
            "(Connection refused)</p><p><b>Description</b> The server encountered an unexpected "
            "condition that prevented it from fulfilling the request.</p><p><b>Exception</b></p><pre>"
            "org.apache.jasper.JasperException: Cannot create PoolableConnectionFactory (Connection "
            "refused)\n\torg.apache.jasper.servlet.JspServletWrapper.handleJspException(JspServletWrapper"
            ".java:608)\n</pre><p><b>Root Cause</b></p><pre>java.net.ConnectException: Connection "
            "refused\n</pre><hr/><h3>Apache Tomcat/9.0.70</h3></body></html>",
            "org.apache.jasper.JasperException: Cannot create PoolableConnectionFactory (Connection "
            "refused); java.net.ConnectException: Connection refused",
            500,
            id="tomcat",
        ),
        pytest.param(
            "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n<center><h1>502 Bad Gateway</h1"
            "></center>\n<hr><center>nginx/1.22.1</center>\n</body>\n</html>\n",
            "502 Bad Gateway nginx/1.22.1",
            502,
            id="nginx502",
        ),
        pytest.param(
            '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>503 Service '
            "Unavailable</title></head><body><h1>Service Unavailable</h1><p>The server is temporarily "
            "unable to service your request due to maintenance downtime or capacity problems. Please try "
            "again later.</p><hr><address>Apache/2.4.57 (Debian) Server at h Port 80</address></body>"
            "</html>",
            "Service Unavailable The server is temporarily unable to service your request due to "
            "maintenance downtime or capacity problems. Please try again later. Apache/2.4.57 (Debian) "
            "Server at h Port 80",
            503,
            id="apache503",
        ),
        pytest.param(
            "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this "
            "request.\n</body></html>\n",
            "503 Service Unavailable No server is available to handle this request.",
            503,
            id="haproxy",
        ),
        pytest.param(
            '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 '
            'Strict//EN"><html><head><title>503 Backend fetch failed</title></head><body><h1>Error 503 '
            "Backend fetch failed</h1><p>Backend fetch failed</p><h3>Guru Meditation:</h3><p>XID: "
            "32770</p><hr><p>Varnish cache server</p></body></html>",
            "Error 503 Backend fetch failed Backend fetch failed Guru Meditation: XID: 32770 Varnish cache server",
            503,
            id="varnish",
        ),
        pytest.param(
            '<!DOCTYPE html><html class="no-js" lang="en-US"><head><title>shop.example | 522: Connection '
            'timed out</title></head><body><div id="cf-wrapper"><div id="cf-error-details" class="p-0">'
            '<header class="mx-auto pt-10 lg:pt-6"><h1 class="inline-block sm:block sm:mb-2 font-light '
            'text-60"><span class="inline-block">Connection timed out</span> <span class="code-label">'
            'Error code 522</span></h1><div>Visit <a href="https://www.cloudflare.com">cloudflare.com</a>'
            ' for more information.</div><div class="mt-3">2026-11-29 18:00:00 UTC</div></header><div '
            'class="my-8 bg-gradient-gray"><div id="cf-browser-status"><span class="md:block w-full '
            'truncate">You</span><h3>Browser</h3><span>Working</span></div><div id="cf-host-status">'
            "<span>Host</span><span>Error</span></div></div><div><h2>What happened?</h2><p>The initial "
            "connection between Cloudflare's network and the origin web server timed out.</p></div></div>"
            "</div></body></html>",
            "Connection timed out Error code 522; Visit cloudflare.com for more information. 2026-11-29 "
            "18:00:00 UTC; You; Browser; Working; Host Error; What happened? The initial connection "
            "between Cloudflare's…",
            522,
            id="cloudflare522",
        ),
        pytest.param(
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html '
            'xmlns="http://www.w3.org/1999/xhtml"><head><title>500 - Internal server error.</title>'
            '</head><body><div id="header"><h1>Server Error</h1></div><div id="content"><div '
            'class="content-container"><fieldset><h2>500 - Internal server error.</h2><h3>There is a '
            "problem with the resource you are looking for, and it cannot be displayed.</h3></fieldset>"
            "</div></div></body></html>",
            "500 - Internal server error. There is a problem with the resource you are looking for, and "
            "it cannot be displayed.",
            500,
            id="iis",
        ),
        pytest.param(
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN"><HTML><HEAD><TITLE>Service '
            "Unavailable</TITLE></HEAD><BODY><h2>Service Unavailable</h2><hr><p>HTTP Error 503. The "
            "service is unavailable.</p></BODY></HTML>",
            "Service Unavailable HTTP Error 503. The service is unavailable.",
            503,
            id="iis503",
        ),
        pytest.param(
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            503,
            id="envoy",
        ),
        pytest.param(
            "Bad Gateway",
            "Bad Gateway",
            502,
            id="traefik",
        ),
        pytest.param(
            "<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n<center><h1"
            ">503 Service Temporarily Unavailable</h1></center>\n</body>\n</html>",
            "503 Service Temporarily Unavailable",
            503,
            id="alb",
        ),
        pytest.param(
            '<!DOCTYPE html><html lang="en-US"><head><title>Database Error</title></head><body '
            'id="error-page"><div class="wp-die-message"><h1>Error establishing a database '
            "connection</h1></div></body></html>",
            "Error establishing a database connection",
            500,
            id="wordpress",
        ),
        pytest.param(
            '<html><head><title>WordPress &rsaquo; Error</title></head><body id="error-page"><div '
            'class="wp-die-message"><p>There has been a critical error on this website.</p><p><a '
            'href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about '
            "troubleshooting WordPress.</a></p></div></body></html>",
            "There has been a critical error on this website. Learn more about troubleshooting WordPress.",
            500,
            id="wp-critical",
        ),
        pytest.param(
            '<html><head><title>Maintenance</title></head><body id="error-page"><div '
            'class="wp-die-message">Briefly unavailable for scheduled maintenance. Check back in a '
            "minute.</div></body></html>",
            "Briefly unavailable for scheduled maintenance. Check back in a minute.",
            503,
            id="wp-maintenance",
        ),
        pytest.param(
            '<body class="login login-action-login wp-core-ui"><div id="login"><h1 role="presentation" '
            'class="wp-login-logo"><a href="https://wordpress.org/">Powered by WordPress</a></h1><div '
            'id="login_error" class="notice notice-error"><p><strong>Error:</strong> The password you '
            "entered for the username <strong>admin</strong> is incorrect. <a href=x>Lost your "
            'password?</a></p></div><form name="loginform"><p><label for="user_login">Username or Email '
            'Address</label><input id=user_login name=log aria-describedby="login_error"></p></form>'
            "</div>",
            "Error: The password you entered for the username admin is incorrect. Lost your password?",
            200,
            id="wp-login",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>MediaWiki</title></head><body><h1>Sorry! This site is "
            "experiencing technical difficulties.</h1><p>Try waiting a few minutes and reloading.</p><p>"
            "<small>(Cannot access the database: Connection refused (db))</small></p></body></html>",
            "Sorry! This site is experiencing technical difficulties. Try waiting a few minutes and "
            "reloading. (Cannot access the database: Connection refused (db))",
            500,
            id="mediawiki",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>Internal error - Wiki</title></head><body><div "
            'class="errorbox mw-content-ltr">[abc123] /index.php Wikimedia\\Rdbms\\DBConnectionError: '
            "Cannot access the database</div></body></html>",
            "[abc123] /index.php Wikimedia\\Rdbms\\DBConnectionError: Cannot access the database",
            500,
            id="mediawiki-exc",
        ),
        pytest.param(
            "<body><div id=mw-page-base></div><div id=content role=main><h1 id=firstHeading>Log in</h1>"
            "<div id=siteNotice><div class=mw-dismissable-notice>Join our photo contest!</div></div>"
            '<form><div class="mw-message-box mw-message-box-error cdx-message--error"><div>Incorrect '
            "username or password entered. Please try again.</div></div><label for=u>Username</label>"
            "<input id=u></form></div>",
            "Incorrect username or password entered. Please try again. Join our photo contest!",
            200,
            id="mediawiki-login",
        ),
        pytest.param(
            '<html><head><title>Error: 500</title></head><body class="site error_site"><div '
            'class="header"><a class="brand" href="/">ACME</a></div><div id="content"><h1 '
            'class="page-header">The requested page can\'t be found.</h1><div class="well"><p><strong>An '
            "error has occurred while processing your request.</strong></p><p>You may not be able to "
            'visit this page because of:</p><blockquote><span class="badge">500</span> Could not connect '
            "to database: Connection refused</blockquote></div></div></body></html>",
            "The requested page can't be found. An error has occurred while processing your request. You "
            "may not be able to visit this page because of: 500 Could not connect to database: "
            "Connection refused",
            500,
            id="joomla",
        ),
        pytest.param(
            "Error displaying the error page: Could not connect to MySQL server.: Could not connect to MySQL server.",
            "Error displaying the error page: Could not connect to MySQL server.: Could not connect to MySQL server.",
            500,
            id="joomla-plain",
        ),
        pytest.param(
            "The website encountered an unexpected error. Please try again later.<br /><br /><em "
            'class="placeholder">Drupal\\Core\\Database\\DatabaseAccessDeniedException</em>: '
            "SQLSTATE[HY000] [1045] Access denied for user",
            "Drupal\\Core\\Database\\DatabaseAccessDeniedException: SQLSTATE[HY000] [1045] Access denied for user",
            500,
            id="drupal",
        ),
        pytest.param(
            "<body><header role=banner><h1>ACME</h1></header><main role=main><div data-drupal-messages>"
            '<div role="contentinfo" aria-label="Error message" class="messages messages--error"><div '
            'role="alert"><h2 class="visually-hidden">Error message</h2>Unrecognized username or '
            "password. <a href=/p>Forgot your password?</a></div></div></div><h1>Log in</h1></main>",
            "Unrecognized username or password. Forgot your password?",
            200,
            id="drupal-msg",
        ),
        pytest.param(
            '<!DOCTYPE html><html class="ng-csp" data-placeholder-focus="false" lang="en"><head><title>'
            'Nextcloud</title></head><body id="body-login"><noscript><div id="nojavascript"><div>This '
            "application requires JavaScript for correct operation.</div></div></noscript><div "
            'class="wrapper"><div class="v-align"><header><div id="header"><div class="logo"></div></div>'
            '</header><main><h1 class="hidden-visually">Nextcloud</h1><div class="guest-box"><h2>'
            "Maintenance mode</h2><p>This Nextcloud instance is currently in maintenance mode, which may "
            "take a while. This page will refresh itself when the instance is available again.</p></div>"
            '</main></div></div><footer class="guest-box"><p class="info"><a href=x>Nextcloud</a> – a '
            "safe home for all your data</p></footer></body></html>",
            "Nextcloud Maintenance mode This Nextcloud instance is currently in maintenance mode, which "
            "may take a while. This page will refresh itself when the instance is available again.",
            503,
            id="nextcloud",
        ),
        pytest.param(
            '<html><head><title>General Error</title></head><body id="errorpage"><div id="wrap"><div '
            'id="page-header"><a href="./">Return to the index page</a></div><div id="acp"><div '
            'class="panel"><div id="content"><h1>General Error</h1><div>SQL ERROR [ mysqli ]<br /><br />'
            'Connection refused [2002]<br /></div></div></div></div><div id="page-footer">Powered by '
            "phpBB</div></div></body></html>",
            "General Error SQL ERROR [ mysqli ] Connection refused [2002]",
            503,
            id="phpbb",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>GitLab is not responding (502)</title></head><body><div "
            'class="page-container"><div class="error-container"><img alt="GitLab Logo" src="data:," />'
            "<h1>502: GitLab is not responding</h1><div><p>Contact your GitLab administrator for "
            "details.</p></div></div></div></body></html>",
            "502: GitLab is not responding; Contact your GitLab administrator for details.",
            502,
            id="gitlab502",
        ),
        pytest.param(
            '<body><a href="/"><img alt="GitLab"></a><h1>422</h1><div class="container"><h3>The change '
            "you requested was rejected.</h3><hr/><p>Maybe you tried to change something you didn't have "
            "access to.</p></div></body>",
            "422 The change you requested was rejected. Maybe you tried to change something you didn't have access to.",
            422,
            id="gitlab422",
        ),
        pytest.param(
            '<body><div class="page-wrap"><div class="container navless-container"><div '
            'class="flash-container flash-container-page sticky" data-qa-selector="flash_container"><div '
            'class="gl-alert gl-alert-danger flash-alert" data-testid="alert-danger" role="alert"><div '
            'class="gl-alert-icon-container"><svg><use href=#></use></svg></div><div '
            'class="gl-alert-content"><div class="gl-alert-body">Invalid login or password.</div></div>'
            "</div></div><h1>GitLab Community Edition</h1></div></div>",
            "Invalid login or password.",
            200,
            id="gitlab-login",
        ),
        pytest.param(
            '<body id="jira" class="aui-layout"><div id="page"><header id="header" role="banner"><nav '
            'class="aui-header"><a href=/>Jira</a></nav></header><section id="content" role="main"><div '
            'class="form-body"><div class="aui-message aui-message-error error"><p>Sorry, your username '
            "and password are incorrect - please try again.</p></div></div></section></div>",
            "Sorry, your username and password are incorrect - please try again.",
            200,
            id="jira",
        ),
        pytest.param(
            '<html><head><title>JIRA - JIRA Access Constraints</title></head><body id="jira" '
            'class="aui-page-focused"><header id=header role=banner><div>Jira</div></header><div '
            'id="page"><section id="content"><div class="aui-page-panel"><div '
            'class="aui-page-panel-content"><h1>Jira startup failed</h1><table class="aui"><thead><tr>'
            "<th>Description</th><th>Level</th></tr></thead><tbody><tr><td>Database: Could not connect "
            "to database</td><td>fatal</td></tr></tbody></table></div></div></section></div></body>"
            "</html>",
            "Jira startup failed Description Level Database: Could not connect to database fatal",
            503,
            id="jira-johnson",
        ),
        pytest.param(
            "<html><head><title>Oops - an error has occurred - Confluence</title></head><body "
            'class="theme-default error-page"><div id="header"><a href=/>Confluence</a></div><div '
            'id="main"><h1 id="title-text">Oops - an error has occurred</h1><div class="error-panel"><h2>'
            'System Error</h2><div class="steps"><p>A system error has occurred — our apologies!</p>'
            "</div></div></div></body></html>",
            "System Error; A system error has occurred — our apologies!",
            500,
            id="confluence",
        ),
        pytest.param(
            '<!DOCTYPE html><html><head><style data-next-hide-fouc="true">body{display:none}</style><noscript '
            'data-next-hide-fouc="true"><style>body{display:block}</style></noscript><meta '
            'charset="utf-8"/><title>500: Internal Server Error</title></head><body><div id="__next"><div '
            'style="font-family:system-ui;height:100vh"><div '
            'style="line-height:48px"><style>body{color:#000}</style><h1 class="next-error-h1" '
            'style="display:inline-block">500</h1><div style="display:inline-block"><h2 '
            'style="font-size:14px">Internal Server Error<!-- -->.</h2></div></div></div></div><script '
            'id="__NEXT_DATA__" '
            'type="application/json">{"props":{"pageProps":{"statusCode":500}},"page":"/_error"}</script></body><'
            "/html>",
            "500 Internal Server Error.",
            500,
            id="next-500",
        ),
        pytest.param(
            '<html id="__next_error__"><head><meta '
            'charSet="utf-8"/><title>500</title></head><body><div><h2>Application error: a server-side exception '
            "has occurred while loading shop.example (see the server logs for more information).</h2><p>Digest: "
            "1234567890</p></div></body></html>",
            "Application error: a server-side exception has occurred while loading shop.example (see the server "
            "logs for more information). Digest: 1234567890",
            500,
            id="next-app-error",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>500 - fetch failed | Nuxt</title></head><body><div "
            'id="__nuxt"><div class="antialiased bg-white px-10 pt-14 grid min-h-screen"><div class="fixed '
            'left-0 right-0 spotlight"></div><h1 class="text-6xl sm:text-8xl font-medium mb-6">500</h1><p '
            'class="text-xl px-8 sm:px-0 sm:text-4xl font-light mb-8 leading-tight">fetch failed</p><div '
            'class="bg-white rounded-t-md bg-black/5 flex-1 overflow-y-auto h-auto"><pre class="text-xl '
            'font-light leading-tight z-10 p-8"> at '
            "node:internal/deps/undici/undici:12345:11</pre></div></div></div></body></html>",
            "500 fetch failed at node:internal/deps/undici/undici:12345:11",
            500,
            id="nuxt-500",
        ),
        pytest.param(
            '<!DOCTYPE html><html lang="en"><head><title>Internal Error</title></head><body><div '
            'class="error"><span class="status">500</span><div class="message"><h1>Internal '
            "Error</h1></div></div></body></html>",
            "Internal Error",
            500,
            id="sveltekit",
        ),
        pytest.param(
            '<!DOCTYPE html><html lang="en"><head><title>Application Error!</title></head><body><main '
            'style="font-family:system-ui, sans-serif;padding:2rem"><h1 style="font-size:24px">Application '
            'Error</h1><pre style="padding:2rem;background:hsla(10, 50%, 50%, '
            '0.1);color:red;overflow:auto">Error: connect ECONNREFUSED 127.0.0.1:5432\n    at '
            "TCPConnectWrap.afterConnect</pre></main></body></html>",
            "Error: connect ECONNREFUSED 127.0.0.1:5432; at TCPConnectWrap.afterConnect",
            500,
            id="remix",
        ),
        pytest.param(
            "<html><head><title>Starlette Debugger</title></head><body><h1>500 Server "
            "Error</h1><h2>sqlalchemy.exc.OperationalError: connection refused</h2><div "
            'class="traceback-container"><p class="traceback-title">Traceback</p><div><p '
            'class="frame-title">File <span class="frame-filename">/app/main.py</span>, line '
            "<i>10</i></p></div></div></body></html>",
            "sqlalchemy.exc.OperationalError: connection refused",
            500,
            id="starlette-debug",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>Whoops! There was an error.</title></head><body><div "
            'class="Whoops container"><div class="stack-container"><div class="panel left-panel cf"><header><div '
            'class="exception"><div class="exc-title"><span class="exc-title-primary">PDOException</span><span '
            'class="subtle code" title="Exception Code">(2002)</span></div><div '
            'class="exc-message"><span>SQLSTATE[HY000] [2002] Connection refused</span><ul '
            'class="search-for-help"><li><a target="_blank" '
            'href="https://google.com/">GOOGLE</a></li></ul></div></div></header><div '
            'class="frames-description">Application frames (3) All frames '
            "(12)</div></div></div></div></body></html>",
            "SQLSTATE[HY000] [2002] Connection refused",
            500,
            id="whoops",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>Nette\\Database\\ConnectionException: SQLSTATE[HY000] "
            '[2002]</title></head><body><tracy-div id="tracy-bs"><a id="tracy-bs-toggle" href="#" '
            'class="tracy-toggle"></a><div class="tracy-bs-main"><section class="tracy-section '
            'tracy-section--error"><p>Nette\\Database\\ConnectionException #2002</p><h1><span>SQLSTATE[HY000] '
            '[2002] Connection refused</span> <a href="https://www.google.com/search?sourceid=tracy" '
            'class="action" target="_blank">search►</a></h1></section><section class="tracy-section" '
            'id="tracy-bs-error-0"><h2>Source file</h2></section></div></tracy-div></body></html>',
            "Nette\\Database\\ConnectionException #2002; SQLSTATE[HY000] [2002] Connection refused search►; Source "
            "file",
            500,
            id="tracy",
        ),
        pytest.param(
            "<html><head><title>Error: Database connection failed</title></head><body><header><h1 "
            'class="header-title"><span>Connection to Mysql could not be established: SQLSTATE[HY000] [2002] '
            "Connection refused</span><a>&#128203</a></h1><span "
            'class="header-type">Cake\\Database\\Exception\\MissingConnectionException</span></header><div '
            'class="error-content"><div class="col left-panel"></div></div></body></html>',
            "Connection to Mysql could not be established: SQLSTATE[HY000] [2002] Connection refused📋",
            500,
            id="cakephp",
        ),
        pytest.param(
            '<html><head><title>Database Error</title></head><body><div id="container"><h1>A Database Error '
            "Occurred</h1><p>Unable to connect to your database server using the provided "
            "settings.</p><p>Filename: controllers/Welcome.php</p><p>Line Number: 12</p></div></body></html>",
            "A Database Error Occurred Unable to connect to your database server using the provided settings. "
            "Filename: controllers/Welcome.php Line Number: 12",
            500,
            id="codeigniter3",
        ),
        pytest.param(
            '<html><head><title>Database Exception</title></head><body><div class="header"><div class="tools"><a '
            'href="#" title="Toggle">x</a></div><img src="x" alt="Gears"/><h1><span>Database Exception</span> '
            '&ndash; <a href="x">yii\\db\\Exception</a></h1><h2>SQLSTATE[HY000] [2002] Connection '
            'refused</h2></div><div class="call-stack"><ul></ul></div></body></html>',
            "SQLSTATE[HY000] [2002] Connection refused",
            500,
            id="yii2",
        ),
        pytest.param(
            '<header role="banner"><h1>Routing Error</h1></header><main role="main" id="container"><h2>No route '
            'matches [GET] "/tea"</h2><p><code>Rails.root: '
            "/srv/shop</code></p><h2>Routes</h2><table></table></main>",
            'No route matches [GET] "/tea" Rails.root: /srv/shop Routes',
            404,
            id="rails-routing",
        ),
        pytest.param(
            "<html><head><title>DBConnection.ConnectionError at GET /</title></head><body><div "
            'class="top-details"><aside class="exception-logo"></aside><header class="exception-info"><h5 '
            'class="struct">DBConnection.ConnectionError<small> at GET </small><small '
            'class="path">/tea</small></h5><h1 class="title">connection not available and request was dropped '
            'from queue after 2000ms</h1></header></div><div class="code-explorer"></div></body></html>',
            "connection not available and request was dropped from queue after 2000ms",
            500,
            id="phoenix-debug",
        ),
        pytest.param(
            "<html><head><title>Internal Server Error</title></head><body><h1>An unhandled exception occurred "
            'while processing the request.</h1><div class="titleerror">SqlException: A network-related or '
            "instance-specific error occurred while establishing a connection to SQL Server.</div><p "
            'class="location">Microsoft.Data.SqlClient.SqlInternalConnectionTds.ctor(x)</p><ul id="header"><li '
            'id="stack" tabindex="1" class="selected">Stack</li></ul></body></html>',
            "SqlException: A network-related or instance-specific error occurred while establishing a connection "
            "to SQL Server.",
            500,
            id="aspnetcore-dev",
        ),
        pytest.param(
            "<html><head><title>Error 503 Service Unavailable</title></head><body><h2>HTTP ERROR 503 Service "
            "Unavailable</h2><table><tr><th>URI:</th><td>/tea</td></tr><tr><th>STATUS:</th><td>503</td></tr><tr><"
            "th>MESSAGE:</th><td>Service "
            "Unavailable</td></tr><tr><th>SERVLET:</th><td>-</td></tr></table><hr/><a "
            'href="https://eclipse.org/jetty">Powered by Jetty:// 9.4</a><hr/></body></html>',
            "HTTP ERROR 503 Service Unavailable URI: /tea STATUS: 503 MESSAGE: Service Unavailable SERVLET: - "
            "Powered by Jetty:// 9.4",
            503,
            id="jetty",
        ),
        pytest.param(
            "<html><head><title>ERROR</title></head><body><h1>Context Path:</h1>/shop<h1>Servlet "
            "Path:</h1>/tea<h1>Path Info:</h1>null<h1>Query String:</h1>null<h1>Stack "
            "Trace:</h1>jakarta.servlet.ServletException: UT010013: Could not "
            "connect<br/>io.undertow//io.undertow.x(y.java:1)<br/></body></html>",
            "jakarta.servlet.ServletException: UT010013: Could not connect",
            500,
            id="wildfly",
        ),
        pytest.param(
            "<h1>Software error:</h1><pre>DBI connect('shop') failed: Can't connect to local MySQL server at "
            "/cgi/x.pl line 3.</pre><p>For help, please send mail to the webmaster (<a "
            "href=mailto:a@b>a@b</a>)</p>",
            "Software error: DBI connect('shop') failed: Can't connect to local MySQL server at /cgi/x.pl line "
            "3. For help, please send mail to the webmaster (a@b)",
            500,
            id="perl",
        ),
        pytest.param(
            "<font size='1'><table class='xdebug-error xe-uncaught-exception' dir='ltr' border='1'><tr><th "
            "align='left' bgcolor='#f57900' colspan=\"5\"><span style='background-color: #cc0000; color: "
            "#fce94f;'>( ! )</span> Fatal error: Uncaught PDOException: could not find driver in /app/db.php on "
            "line <i>3</i></th></tr><tr><th colspan=5>Call Stack</th></tr></table></font>",
            "( ! ) Fatal error: Uncaught PDOException: could not find driver in /app/db.php on line 3; Call Stack",
            500,
            id="php-xdebug",
        ),
        pytest.param(
            "<html><head><title>ERROR: The requested URL could not be retrieved</title></head><body "
            'id="ERR_CONNECT_FAIL"><div id="titles"><h1>ERROR</h1><h2>The requested URL could not be '
            'retrieved</h2></div><hr><div id="content"><p>The following error was encountered while trying to '
            'retrieve the URL: <a href="http://x/">http://x/</a></p><blockquote id="error"><p><b>Connection to '
            '10.0.0.1 failed.</b></p></blockquote><p id="sysmsg">The system returned: <i>(111) Connection '
            "refused</i></p></div></body></html>",
            "Connection to 10.0.0.1 failed.",
            503,
            id="squid",
        ),
        pytest.param(
            "<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD><BODY><H1>504 Gateway "
            'Timeout ERROR</H1><H2>The request could not be satisfied.</H2><HR noshade size="1px">CloudFront '
            "attempted to establish a connection with the origin, but either the attempt failed or the origin "
            'closed the connection.<BR clear="all"><PRE>Generated by cloudfront (CloudFront)\nRequest ID: '
            "abc==\n</PRE></BODY></HTML>",
            "504 Gateway Timeout ERROR The request could not be satisfied. CloudFront attempted to establish a "
            "connection with the origin, but either the attempt failed or the origin closed the connection.…",
            504,
            id="cloudfront",
        ),
        pytest.param(
            "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>\n<H1>Access Denied</H1>\nYou don't have "
            'permission to access "http&#58;&#47;&#47;x&#47;" on this '
            "server.<P>\nReference&#32;&#35;18&#46;4d\n</BODY></HTML>",
            'Access Denied You don\'t have permission to access "http://x/" on this server. Reference #18.4d',
            403,
            id="akamai",
        ),
        pytest.param(
            '<!DOCTYPE html><html class="no-js"><head><title>Access denied | shop used Cloudflare to restrict '
            'access</title></head><body><div id="cf-wrapper"><div class="cf-alert cf-alert-error '
            'cf-cookie-error" id="cookie-alert" data-translate="enable_cookies">Please enable cookies.</div><div '
            'id="cf-error-details" class="cf-error-details-wrapper"><div class="cf-wrapper cf-header '
            'cf-error-overview"><h1><span class="cf-error-type" data-translate="error">Error</span><span '
            'class="cf-error-code">1020</span><small class="heading-ray-id">Ray ID: 7 &bull; '
            '2026-11-30</small></h1><h2 class="cf-subheadline">Access denied</h2></div><section></section><div '
            'class="cf-section cf-wrapper"><h2>What happened?</h2><p>This website is using a security service to '
            "protect itself from online attacks.</p></div></div></div></body></html>",
            "Error 1020 Ray ID: 7 • 2026-11-30; Access denied; What happened? This website is using a security "
            "service to protect itself from online attacks.",
            403,
            id="cf-1020",
        ),
        pytest.param(
            '<html><head><title>Web application could not be started</title></head><body><div id="main"><div '
            'id="content"><h1>Web application could not be started by the Phusion Passenger(R) application '
            "server</h1><p>Please read the Passenger log file to find the details of the error.</p><dl><dt>Error "
            "ID:</dt><dd>4b8</dd></dl></div></div></body></html>",
            "Web application could not be started by the Phusion Passenger(R) application server Please read the "
            "Passenger log file to find the details of the error. Error ID: 4b8",
            500,
            id="passenger",
        ),
        pytest.param(
            "panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 1 "
            "[running]:\nmain.main()",
            "panic: runtime error: invalid memory address or nil pointer dereference",
            500,
            id="go-panic",
        ),
        pytest.param(
            "<header class='site-header'><a href=/ class=logo>ACME</a><nav><ul><li><a href=/>Home</a><li><a "
            "href=/shop>Shop</a></ul></nav></header><main><h1>Wartungsarbeiten</h1><p>Unser Shop wird gerade "
            "gewartet. Bitte versuchen Sie es in 30 Minuten erneut.</p></main>",
            "Wartungsarbeiten Unser Shop wird gerade gewartet. Bitte versuchen Sie es in 30 Minuten erneut.",
            200,
            id="de-wartung",
        ),
        pytest.param(
            "<header class='site-header'><a href=/ class=logo>ACME</a><nav><ul><li><a href=/>Home</a><li><a "
            "href=/shop>Shop</a></ul></nav></header><main><h1>Site en maintenance</h1><p>Nous revenons très "
            "vite.</p></main>",
            "Site en maintenance Nous revenons très vite.",
            503,
            id="fr-maint",
        ),
        pytest.param(
            "<header class='site-header'><a href=/ class=logo>ACME</a><nav><ul><li><a href=/>Home</a><li><a "
            "href=/shop>Shop</a></ul></nav></header><main><h1>エラーが発生しました</h1><p>データベースに接続できません。しばらくしてからもう一度お試しくださ"
            "い。</p></main>",
            "エラーが発生しました データベースに接続できません。しばらくしてからもう一度お試しください。",
            500,
            id="ja-error",
        ),
    ],
)
def test_error_pages(body: str, said: str, status: int) -> None:
    """The page's own complaint comes first; what stands on each page of its kind is left out."""
    kind = "text/html" if "<" in body else "text/plain"
    assert Page("http://h/", status, {"content-type": f"{kind}; charset=utf-8"}, body.encode()).complaint() == said
