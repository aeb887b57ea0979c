"""Messages as CSS frameworks and applications write them: which is the complaint, which is none."""

import pytest

from collectd_inode.page.page import Page

MENU = (
    "<a href='#main' class='skip-link'>Skip to content</a><header class=site-header><a class=logo href=/>ACME</a>"
    "<nav><ul><li><a href=/>Home</a><li><a href=/shop>Shop</a></ul></nav></header>"
)
HEADING = "Sign in to your account"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(
            "<div class='alert alert-danger alert-dismissible fade show' role='alert'><strong>Holy "
            "guacamole!</strong> Database is gone.<button type=button class=btn-close "
            "data-bs-dismiss=alert aria-label=Close></button></div>{h1}",
            "Holy guacamole! Database is gone.",
            id="bs5",
        ),
        pytest.param(
            "<div class='toast-container'><div class='toast show' role=alert aria-live=assertive "
            "aria-atomic=true><div class=toast-header><strong class=me-auto>Checkout</strong><small>11 "
            "mins ago</small><button class=btn-close></button></div><div class=toast-body>Payment "
            "provider does not answer</div></div></div>{h1}",
            "Checkout 11 mins ago; Payment provider does not answer",
            id="bs-toast",
        ),
        pytest.param(
            "<div class='toast' role=alert><div class=toast-body>Payment provider does not answer</div></div>{h1}",
            "Sign in to your account",
            id="bs-toast-hidden",
        ),
        pytest.param(
            "<div class='callout alert' data-closable><h5>This is bad.</h5><p>Your card was refused.</p>"
            "<button class=close-button>&times;</button></div>{h1}",
            "This is bad. Your card was refused.",
            id="foundation",
        ),
        pytest.param(
            "<form data-abide><div data-abide-error class='alert callout' style='display: none;'><p>"
            "There are some errors in your form.</p></div><label class=is-invalid-label>Number<input "
            "class=is-invalid-input aria-describedby=x1><span class='form-error is-visible' id=x1>Yo, "
            "you had better fill this out.</span></label></form>",
            "Yo, you had better fill this out.",
            id="foundation-abide",
        ),
        pytest.param(
            "<form data-abide><label>Number<input><span class='form-error'>Yo, you had better fill this "
            "out.</span></label></form>{h1}",
            "Sign in to your account",
            id="foundation-hidden",
        ),
        pytest.param(
            "<div class='notification is-danger'><button class=delete></button>Primar lorem: stock is empty</div>{h1}",
            "Primar lorem: stock is empty",
            id="bulma",
        ),
        pytest.param(
            "<div class=field><label class=label>Email</label><div class=control><input class='input "
            "is-danger' value=hello@></div><p class='help is-danger'>This email is invalid</p></div>{h1}",
            "This email is invalid",
            id="bulma-help",
        ),
        pytest.param(
            "<article class='message is-danger'><div class=message-header><p>Danger</p><button "
            "class=delete aria-label=delete></button></div><div class=message-body>The cart could not be "
            "saved</div></article>{h1}",
            "The cart could not be saved",
            id="bulma-message",
        ),
        pytest.param(
            "<div class='rounded-md bg-red-50 p-4'><div class=flex><div class=ml-3><h3 class='text-sm "
            "font-medium text-red-800'>There were 2 errors with your submission</h3><div class='mt-2 "
            "text-sm text-red-700'><ul role=list class='list-disc'><li>Your password must be at least 8 "
            "characters</li><li>Your password must include a pro wrestling finishing move</li></ul></div>"
            "</div></div></div>{h1}",
            "There were 2 errors with your submission; Your password must be at least 8 characters; Your "
            "password must include a pro wrestling finishing move",
            id="tailwind",
        ),
        pytest.param(
            "{h1}<label for=email class='block text-sm'>Email</label><div class='mt-2'><input type=email "
            "id=email class='ring-red-300' aria-invalid=true aria-describedby=email-error></div><p "
            "class='mt-2 text-sm text-red-600' id=email-error>Not a valid email address.</p>",
            "Not a valid email address.",
            id="tailwind-field",
        ),
        pytest.param(
            "{h1}<label for=email>Email</label><input id=email class='border-red-500'><p "
            "class='text-red-500 text-xs italic'>Please choose a password.</p>",
            "Please choose a password.",
            id="tailwind-field2",
        ),
        pytest.param(
            "<div class='MuiAlert-root MuiAlert-standardError' role=alert><div class=MuiAlert-icon><svg>"
            "</svg></div><div class=MuiAlert-message>This is an error alert</div></div>{h1}",
            "This is an error alert",
            id="material",
        ),
        pytest.param(
            "{h1}<div class='MuiFormControl-root'><label class='Mui-error MuiInputLabel-root'>Name</label>"
            "<div class='MuiInputBase-root Mui-error'><input aria-invalid=true aria-describedby=n-helper>"
            "</div><p class='MuiFormHelperText-root Mui-error' id=n-helper>Incorrect entry.</p></div>",
            "Incorrect entry. Name",
            id="mui-helper",
        ),
        pytest.param(
            "<mat-snack-bar-container class='mat-mdc-snack-bar-container'><div aria-live=assertive><div "
            "class=mdc-snackbar__label>Server unreachable</div></div></mat-snack-bar-container>{h1}",
            "Server unreachable",
            id="mat",
        ),
        pytest.param(
            "<div class='ant-alert ant-alert-error' role=alert data-show=true><span role=img "
            "class='anticon ant-alert-icon'></span><div class=ant-alert-content><div "
            "class=ant-alert-message>Error Text</div><div class=ant-alert-description>Error Description "
            "Order lost</div></div></div>{h1}",
            "Error Text; Error Description Order lost",
            id="antd",
        ),
        pytest.param(
            "{h1}<div class='ant-form-item ant-form-item-has-error'><div class='ant-form-item-label'>"
            "<label for=u>Username</label></div><div class=ant-form-item-control><input id=u "
            "aria-invalid=true aria-describedby=u_help><div id=u_help class='ant-form-item-explain "
            "ant-form-item-explain-connected' role=alert><div class=ant-form-item-explain-error>Please "
            "input your username!</div></div></div></div>",
            "Username; Please input your username!",
            id="antd-form",
        ),
        pytest.param(
            "<div class='ant-result ant-result-500'><div class=ant-result-title>500</div><div "
            "class=ant-result-subtitle>Sorry, something went wrong.</div></div>",
            "500 Sorry, something went wrong.",
            id="antd-result",
        ),
        pytest.param(
            "<div role=status class='bx--inline-notification bx--inline-notification--error'><div "
            "class=bx--inline-notification__details><div class=bx--inline-notification__text-wrapper><p "
            "class=bx--inline-notification__title>Notification title</p><p "
            "class=bx--inline-notification__subtitle>Connection to ledger lost</p></div></div><button "
            "aria-label='close' class=bx--inline-notification__close-button></button></div>{h1}",
            "Notification title; Connection to ledger lost",
            id="carbon",
        ),
        pytest.param(
            "{h1}<div class='cds--form-item'><label class=cds--label>Name</label><input "
            "class='cds--text-input cds--text-input--invalid' data-invalid aria-invalid=true "
            "aria-describedby=z><div class=cds--form-requirement id=z>Error message goes here</div></div>",
            "Error message goes here",
            id="carbon-field",
        ),
        pytest.param(
            "<div class='ui negative message'><i class='close icon'></i><div class=header>We're sorry we "
            "can't apply that discount</div><p>That offer has expired</p></div>{h1}",
            "We're sorry we can't apply that discount; That offer has expired",
            id="semantic",
        ),
        pytest.param(
            "<form class='ui form error'><div class='ui error message'><div class=header>Action "
            "Forbidden</div><p>You can only sign up once.</p></div><div class=field><label>E-mail</label>"
            "<input></div></form>{h1}",
            "Action Forbidden; You can only sign up once.",
            id="semantic-err",
        ),
        pytest.param(
            "<form class='ui form'><div class='ui error message'></div><div class='ui success message'>"
            "x</div></form>{h1}",
            "Sign in to your account",
            id="semantic-form-no",
        ),
        pytest.param(
            "<div class='uk-alert-danger' uk-alert><a class=uk-alert-close uk-close></a><p>Mail server "
            "refused</p></div>{h1}",
            "Mail server refused",
            id="uikit",
        ),
        pytest.param(
            "<div class=govuk-error-summary data-module=govuk-error-summary><div role=alert><h2 "
            "class=govuk-error-summary__title>There is a problem</h2><div "
            "class=govuk-error-summary__body><ul class='govuk-list govuk-error-summary__list'><li><a "
            "href=#x>Enter your full name</a></li></ul></div></div></div>{h1}",
            "There is a problem; Enter your full name",
            id="govuk",
        ),
        pytest.param(
            "{h1}<div class='govuk-form-group govuk-form-group--error'><label>Date</label><p id=e "
            "class=govuk-error-message><span class=govuk-visually-hidden>Error:</span> Date of issue "
            "must be in the past</p><input aria-describedby=e></div>",
            "Date; Error: Date of issue must be in the past",
            id="govuk-field",
        ),
        pytest.param(
            "<div class='flash flash-full flash-error'><div class='px-2'><button class=flash-close>"
            "</button><div aria-atomic=true role=alert class='js-flash-alert'>Incorrect username or "
            "password.</div></div></div>{h1}",
            "Incorrect username or password.",
            id="primer",
        ),
        pytest.param(
            "<div class='Polaris-Banner Polaris-Banner--statusCritical' tabindex=0 role=alert "
            "aria-live=polite><div><p class=Polaris-Heading>High risk of fraud detected</p></div></div>"
            "{h1}",
            "High risk of fraud detected",
            id="polaris",
        ),
        pytest.param(
            "<div class='slds-notify slds-notify_alert slds-theme_error' role=alert><span "
            "class=slds-assistive-text>error</span><h2>Your browser is outdated. <a href=x>More</a></h2>"
            "</div>{h1}",
            "Your browser is outdated. More",
            id="slds",
        ),
        pytest.param(
            "<div class='pf-c-alert pf-m-danger' aria-label='Danger alert'><div class=pf-c-alert__icon>"
            "</div><p class=pf-c-alert__title><span class=pf-u-screen-reader>Danger alert:</span> Node "
            "is down</p></div>{h1}",
            "Danger alert: Node is down",
            id="patternfly",
        ),
        pytest.param(
            "{h1}<span id=input-error class='pf-c-form__helper-text pf-m-error required kc-feedback-text' "
            "aria-live=polite>Invalid username or password.</span>",
            "Invalid username or password.",
            id="keycloak",
        ),
        pytest.param(
            "<div id=kc-error-message><p class=instruction>We are sorry... Page not found</p></div>",
            "We are sorry... Page not found",
            id="keycloak-page",
        ),
        pytest.param(
            "<div class='page messages'><div role=alert class=messages><div class='message-error error "
            "message' data-ui-id=message-error><div>The account sign-in was incorrect.</div></div></div>"
            "</div>{h1}",
            "The account sign-in was incorrect.",
            id="magento",
        ),
        pytest.param(
            "<ul class=messages><li class=error-msg><ul><li><span>Invalid login or password.</span></li>"
            "</ul></li></ul>{h1}",
            "Invalid login or password.",
            id="magento1",
        ),
        pytest.param(
            "<div class=woocommerce-notices-wrapper><ul class='woocommerce-error' role=alert><li><strong>"
            "Error:</strong> The username field is empty.</li></ul></div>{h1}",
            "Error: The username field is empty.",
            id="woo",
        ),
        pytest.param(
            "<section class=login-form><div class=help-block><ul><li class='alert alert-danger'>"
            "Authentication failed.</li></ul></div></section>{h1}",
            "Authentication failed.",
            id="presta",
        ),
        pytest.param(
            "{h1}<div class=errors><ul><li>Incorrect email or password.</li></ul></div>",
            "Incorrect email or password.",
            id="shopify",
        ),
        pytest.param(
            "<p class=notice></p><p class=alert>Invalid Email or password.</p>{h1}",
            "Invalid Email or password.",
            id="devise",
        ),
        pytest.param(
            "{h1}<div class='form-group has-danger'><label>E-mail</label><input><small class='form-text "
            "text-danger'>can't be blank</small></div>",
            "E-mail; can't be blank",
            id="simple_form",
        ),
        pytest.param(
            "<form><div style='color: red'><h2>2 errors prohibited this tea from being saved:</h2><ul>"
            "<li>Name can't be blank</li></ul></div></form>{h1}",
            "2 errors prohibited this tea from being saved: Name can't be blank",
            id="rails-scaffold",
        ),
        pytest.param(
            "<p class=errornote>Please enter the correct username and password for a staff account.</p>"
            "<div id=content><h1>Django administration</h1></div>",
            "Please enter the correct username and password for a staff account.",
            id="django-admin",
        ),
        pytest.param(
            "<ul class=messagelist><li class=error>Stock could not be booked</li></ul>{h1}",
            "Stock could not be booked",
            id="django-msg",
        ),
        pytest.param(
            "{h1}<div class='validation-summary-errors text-danger' data-valmsg-summary=true><ul><li>"
            "Invalid login attempt.</li></ul></div>",
            "Invalid login attempt.",
            id="aspnet-summary",
        ),
        pytest.param(
            "{h1}<input class=input-validation-error><span class='text-danger field-validation-error' "
            "data-valmsg-for=Email>The Email field is required.</span>",
            "The Email field is required.",
            id="aspnet-field",
        ),
        pytest.param(
            "{h1}<input><span class='text-danger field-validation-valid' data-valmsg-for=Email></span>"
            "<div class='validation-summary-valid' data-valmsg-summary=true><ul><li style='display:none'>"
            "</li></ul></div>",
            "Sign in to your account",
            id="aspnet-valid",
        ),
        pytest.param(
            "<div class='ui-messages ui-widget'><div class='ui-messages-error ui-corner-all'><span "
            "class=ui-messages-error-icon></span><ul><li role=alert><span "
            "class=ui-messages-error-summary>Login failed</span> <span class=ui-messages-error-detail>"
            "Unknown account</span></li></ul></div></div>{h1}",
            "Login failed Unknown account",
            id="jsf",
        ),
        pytest.param(
            "<ul class=feedbackPanel><li class=feedbackPanelERROR><span class=feedbackPanelERROR>Feld "
            "'Name' ist erforderlich.</span></li></ul>{h1}",
            "Feld 'Name' ist erforderlich.",
            id="wicket",
        ),
        pytest.param(
            "<div class='typo3-messages'><div class='alert alert-danger'><h4 class=alert-heading>Oops, "
            "an error occurred!</h4><p class=alert-message>Code: 20261129</p></div></div>{h1}",
            "Oops, an error occurred! Code: 20261129",
            id="typo3",
        ),
        pytest.param(
            "<output class='msg-global msg-bad' role=contentinfo><span>Incorrect user name or password "
            "or account is temporarily blocked.</span></output>",
            "Incorrect user name or password or account is temporarily blocked.",
            id="zabbix",
        ),
        pytest.param(
            "<output class='msg-global msg-bad'><h4>Database error</h4><span>Connection refused</span></output>",
            "Database error; Connection refused",
            id="zabbix-db",
        ),
        pytest.param(
            "<div id=messagestack><div class='error alert alert-danger' role=alert><i class=icon></i>"
            "<span>Login failed.</span></div></div><h1 class=voice>Roundcube Webmail Login</h1>",
            "Login failed.",
            id="roundcube",
        ),
        pytest.param(
            "<div aria-label='Alert error' data-testid='data-testid Alert error' role=alert "
            "class='css-1x'><div class=css-2>Invalid username or password</div></div>",
            "Invalid username or password",
            id="grafana",
        ),
        pytest.param(
            "<div class='errorbox alert alert-danger' id=y><p class=errormessage>Error: Database "
            "connection failed</p><p class=errorcode><a href=x>More information</a></p></div>",
            "Error: Database connection failed; More information",
            id="moodle",
        ),
        pytest.param(
            "{h1}<p class='warning' id=pw>Wrong password. <a href=x>Reset it?</a></p>",
            "Wrong password. Reset it?",
            id="owncloud",
        ),
        pytest.param(
            "<dialog open><h2>Session expired</h2><p>Please sign in again.</p><button>OK</button></dialog>{h1}",
            "Session expired; Please sign in again.",
            id="dialog",
        ),
        pytest.param(
            "<div role=alertdialog aria-labelledby=t aria-describedby=d><h2 id=t>Session expired</h2><p "
            "id=d>Please sign in again.</p></div>{h1}",
            "Session expired; Please sign in again.",
            id="alertdialog",
        ),
        pytest.param(
            "<div aria-live=assertive>Stock is not known right now</div>{h1}",
            "Stock is not known right now",
            id="aria-live",
        ),
        pytest.param(
            "<div aria-live=polite class=sr-only>3 results</div><div class=error>Index is offline</div>{h1}",
            "Index is offline; 3 results",
            id="aria-live-polite",
        ),
        pytest.param(
            "<template><div class=error>Never</div></template><script type=text/template><div "
            "class=error>Never2</div></script>{h1}",
            "Sign in to your account",
            id="template",
        ),
        pytest.param(
            "<div class='cookie-alert' role=alert>We use cookies <button>OK</button></div><div "
            "class=error>DB is down</div>{h1}",
            "DB is down; We use cookies",
            id="cookie",
        ),
        pytest.param(
            "<div id=CybotCookiebotDialog role=dialog class=alert>This website uses cookies</div><div "
            "class=error>DB is down</div>{h1}",
            "DB is down; This website uses cookies",
            id="cookie-dialog",
        ),
        pytest.param(
            "<div class='alert alert-info' role=alert>Free shipping this week!</div><div class='alert "
            "alert-danger'>Cart service does not answer</div>{h1}",
            "Cart service does not answer; Free shipping this week!",
            id="promo",
        ),
        pytest.param(
            "<div class='notice-bar'>Black Friday: 20 % off</div><div class='alert alert-warning' "
            "role=alert>Your basket could not be loaded</div>{h1}",
            "Your basket could not be loaded; Black Friday: 20 % off",
            id="promo2",
        ),
        pytest.param(
            "<div class='alert alert-success' role=alert>Your session was renewed</div><div class='alert "
            "alert-danger' role=alert>Order failed</div>{h1}",
            "Order failed; Your session was renewed",
            id="success+err",
        ),
        pytest.param(
            "<div class=fehlermeldung>Die Datenbank ist nicht erreichbar.</div>{h1}",
            "Die Datenbank ist nicht erreichbar.",
            id="german",
        ),
        pytest.param(
            "<p class=meldung-fehler>Kennwort falsch</p>{h1}",
            "Kennwort falsch",
            id="german2",
        ),
        pytest.param(
            "<div class='message-erreur'>Mot de passe incorrect</div>{h1}",
            "Mot de passe incorrect",
            id="french",
        ),
        pytest.param(
            "<p id=mensaje_error>Usuario no válido</p>{h1}",
            "Usuario no válido",
            id="spanish",
        ),
        pytest.param(
            "<span class=loginErrorMsg>Bad PIN</span>{h1}",
            "Bad PIN",
            id="camel",
        ),
        pytest.param(
            "{h1}<span id=ctl00_MainContent_lblError style='color:Red'>Login failed for user</span>",
            "Login failed for user",
            id="id-err",
        ),
        pytest.param(
            "<div class='alert alert-danger fade' role=alert>not shown</div>{h1}",
            "Sign in to your account",
            id="fade",
        ),
        pytest.param(
            "<span class='error-count'>0</span><div class='errors-total'>0 errors</div>{h1}",
            "Sign in to your account",
            id="count",
        ),
        pytest.param(
            "<p class='no-errors'>All good</p><div class='error-free'>yes</div>{h1}",
            "Sign in to your account",
            id="noerr",
        ),
        pytest.param(
            "{h1}<fieldset class=error><legend>Address</legend><label>Zip <input name=zip></label><span "
            "class=error-text>Zip is wrong</span></fieldset>",
            "Zip is wrong",
            id="in-a-fieldset",
        ),
        pytest.param(
            "<div hx-swap-oob=true id=errors>Form was stale</div>{h1}",
            "Form was stale",
            id="htmx",
        ),
        pytest.param(
            "<title>Wartung</title><h1>Wartungsarbeiten</h1><p>Wir sind gleich zurück.",
            "Wartungsarbeiten Wir sind gleich zurück.",
            id="maint",
        ),
        pytest.param(
            "<div id=flash role=alert class='fixed' phx-click=x><p class='flex'>Error!</p><p class=mt-2>"
            "Something went wrong</p><button aria-label=close></button></div>{h1}",
            "Something went wrong",
            id="lv",
        ),
        pytest.param(
            "{h1}<input id=a aria-invalid=true aria-describedby='h e'><p id=h class=hint>5 digits"
            "</p><p id=e class=field-error>Zip is wrong</p>",
            "Zip is wrong",
            id="a hint beside the error",
        ),
        pytest.param(
            "{h1}<input aria-invalid=true aria-describedby='h e'><p id=h>5 digits</p><p id=e>Zip is wrong</p>",
            "5 digits; Zip is wrong",
            id="two descriptions",
        ),
        pytest.param(
            "{h1}<div role=radiogroup aria-invalid=true aria-errormessage=e><input type=radio>Green</div>"
            "<p id=e>Choose a kind</p>",
            "Choose a kind",
            id="radiogroup",
        ),
        pytest.param(
            "{h1}<div role=combobox aria-invalid=true aria-describedby=e>x</div><p id=e>No such town</p>",
            "No such town",
            id="combobox",
        ),
        pytest.param(
            "<dialog open class=popup><h2>Join our newsletter</h2><p>10 % off</p></dialog>{h1}",
            "Sign in to your account; Join our newsletter; 10 % off",
            id="newsletter",
        ),
        pytest.param(
            "<div role=alert>The newsletter could not be ordered</div>{h1}",
            "The newsletter could not be ordered",
            id="an alert about a newsletter",
        ),
        pytest.param("<p class=fejl>Forkert adgangskode</p>{h1}", "Forkert adgangskode", id="da"),
        pytest.param("<p class=felmeddelande>Fel lösenord</p>{h1}", "Fel lösenord", id="sv"),
        pytest.param("<p class=virhe>Väärä salasana</p>{h1}", "Väärä salasana", id="fi"),
        pytest.param(
            "<dialog open class=modal><h2>Payment failed</h2><p>Card was declined</p></dialog>{h1}",
            "Payment failed; Card was declined",
            id="an open dialog",
        ),
        pytest.param(
            "<dialog class=modal><h2>Payment failed</h2></dialog>{h1}", "Sign in to your account", id="a closed dialog"
        ),
        pytest.param(
            "<div role=dialog class='swal2-popup swal2-icon-error swal2-show'><h2>Oops...</h2><div>Stock is empty</div>"
            "</div>{h1}",
            "Oops... Stock is empty",
            id="swal",
        ),
        *(
            pytest.param(f"<div role=alert>{said}</div><p class=error>DB gone</p>{{h1}}", f"DB gone; {said}", id=said)
            for said in (
                "当サイトではCookieを使用しています。",
                "クッキーを利用します",
                "Ta strona używa plików cookie",
                "Мы используем файлы cookie",
                "本网站使用 Cookie",
                "We value your privacy",
                "Wir schätzen Ihre Privatsphäre",
            )
        ),
        *(
            pytest.param(f"<div role=alert>{said}</div><p class=error>DB gone</p>{{h1}}", f"{said}; DB gone", id=said)
            for said in ("Cookies are disabled, this site cannot be used", "Your session cookie has expired")
        ),
    ],
)
def test_frameworks(body: str, said: str) -> None:
    """The page's own complaint comes first; what is not shown, or says that nothing is wrong, is none."""
    page = MENU + body.replace("{h1}", f"<main><h1>{HEADING}</h1>")
    assert Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, page.encode()).complaint() == said
