"""The errors that interfaces report in JSON and XML."""

import pytest

from collectd_inode.page.page import Page


@pytest.mark.parametrize(
    ("body", "said", "status", "content_type"),
    [
        pytest.param(
            '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope '
            'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>'
            "soap:Server</faultcode><faultstring>Database unavailable</faultstring><detail><e>ORA-12541: "
            "TNS:no listener</e></detail></soap:Fault></soap:Body></soap:Envelope>",
            "Database unavailable; ORA-12541: TNS:no listener",
            500,
            "text/xml; charset=utf-8",
            id="soap",
        ),
        pytest.param(
            '<?xml version="1.0"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope">'
            "<env:Header/><env:Body><env:Fault><env:Code><env:Value>env:Receiver</env:Value></env:Code>"
            '<env:Reason><env:Text xml:lang="en">Processing error</env:Text></env:Reason></env:Fault>'
            "</env:Body></env:Envelope>",
            "Processing error",
            500,
            "application/soap+xml",
            id="soap12",
        ),
        pytest.param(
            "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>4</int></value>"
            "</member><member><name>faultString</name><value>"
            "<string>Too many parameters.</string></value></member></struct></value></fault></methodResponse>",
            "Too many parameters.",
            200,
            "text/xml",
            id="xml-rpc",
        ),
        pytest.param(
            '<rsp stat="fail"><err code="100" msg="Invalid API Key"/></rsp>',
            "Invalid API Key",
            200,
            "text/xml",
            id="attributes",
        ),
        pytest.param(
            '<api><error code="badtoken" info="Invalid CSRF token.">See /api.php for usage.</error></api>',
            "Invalid CSRF token.",
            200,
            "text/xml",
            id="mediawiki",
        ),
        pytest.param(
            '<response><lst name="responseHeader"><int name="status">400</int></lst>'
            '<lst name="error"><str name="msg">undefined field x</str><int name="code">400</int></lst></response>',
            "undefined field x",
            200,
            "text/xml",
            id="names as attributes",
        ),
        pytest.param(
            "<ocs><meta><status>failure</status><message>Not logged in</message></meta><data/></ocs>",
            "Not logged in",
            200,
            "text/xml",
            id="a state that says so",
        ),
        pytest.param(
            '<response success="false"><message>No such order</message></response>',
            "No such order",
            200,
            "text/xml",
            id="success=false",
        ),
        pytest.param(
            '{"type":"https://example.com/probs/db","title":"Database '
            'unavailable","status":503,"detail":"The order database does not '
            'answer","instance":"/orders/1"}',
            "Database unavailable; The order database does not answer",
            503,
            "application/problem+json",
            id="problem",
        ),
        pytest.param(
            '{"errors":[{"status":"422","source":{"pointer":"/data/attributes/firstName"},"title":"Invali'
            'd Attribute","detail":"First name must contain at least two characters."}]}',
            "Invalid Attribute; First name must contain at least two characters.",
            422,
            "application/vnd.api+json",
            id="jsonapi",
        ),
        pytest.param(
            '{"data":{"cart":null},"errors":[{"message":"connect ECONNREFUSED '
            '10.0.0.5:5432","locations":[{"line":2,"column":3}],"path":["cart"],"extensions":{"code":"INT'
            'ERNAL_SERVER_ERROR"}}]}',
            "connect ECONNREFUSED 10.0.0.5:5432",
            200,
            "application/json",
            id="graphql",
        ),
        pytest.param(
            '{"timestamp":"2026-11-29T18:00:00.000+00:00","status":500,"error":"Internal Server '
            'Error","message":"Could not open JPA EntityManager","path":"/api/tea"}',
            "Internal Server Error; Could not open JPA EntityManager",
            500,
            "application/json",
            id="spring-json",
        ),
        pytest.param(
            '{"message":"The given data was invalid.","errors":{"email":["The email field is '
            'required."],"password":["The password field is required."]}}',
            "The given data was invalid. email: The email field is required. password: The password field is required.",
            422,
            "application/json",
            id="laravel-json",
        ),
        pytest.param(
            '{"detail":"Authentication credentials were not provided."}',
            "Authentication credentials were not provided.",
            401,
            "application/json",
            id="drf",
        ),
        pytest.param(
            '{"detail":[{"loc":["body","name"],"msg":"field required","type":"value_error.missing"}]}',
            "field required",
            422,
            "application/json",
            id="fastapi",
        ),
        pytest.param(
            '{"error":{"code":503,"message":"The service is currently '
            'unavailable.","errors":[{"message":"The service is currently '
            'unavailable.","domain":"global","reason":"backendError"}],"status":"UNAVAILABLE"}}',
            "The service is currently unavailable. backendError",
            503,
            "application/json",
            id="google",
        ),
        pytest.param(
            '{"error":{"root_cause":[{"type":"cluster_block_exception","reason":"blocked by: '
            '[SERVICE_UNAVAILABLE/1/state not recovered];"}],"type":"cluster_block_exception","reason":"b'
            'locked by: [SERVICE_UNAVAILABLE/1/state not recovered];"},"status":503}',
            "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered]",
            503,
            "application/json",
            id="elastic",
        ),
        pytest.param(
            '{"error":"invalid_grant","error_description":"Invalid user credentials"}',
            "invalid_grant; Invalid user credentials",
            400,
            "application/json",
            id="oauth",
        ),
        pytest.param(
            '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access '
            "Denied</Message><RequestId>4442587FB7D0A2F9</RequestId></Error>",
            "Access Denied",
            403,
            "application/xml",
            id="s3",
        ),
        pytest.param(
            '{"error":{"code":"0x80040217","message":{"lang":"en-US","value":"Tea does not exist"}}}',
            "Tea does not exist",
            404,
            "application/json",
            id="odata",
        ),
        pytest.param(
            '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The '
            'level of configured provisioned throughput for the table was exceeded"}',
            "The level of configured provisioned throughput for the table was exceeded",
            400,
            "application/x-amz-json-1.0",
            id="aws-json",
        ),
        pytest.param(
            '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Server error","data":"db locked"},"id":1}',
            "Server error; db locked",
            200,
            "application/json",
            id="jsonrpc",
        ),
        pytest.param(
            '{"status":"DOWN","components":{"db":{"status":"DOWN","details":{"error":"org.springframework.jdbc.Ca'
            "nnotGetJdbcConnectionException: Failed to obtain JDBC "
            'Connection"}},"diskSpace":{"status":"UP","details":{"total":1}},"ping":{"status":"UP"}}}',
            "db: org.springframework.jdbc.CannotGetJdbcConnectionException: Failed to obtain JDBC Connection",
            503,
            "application/json",
            id="actuator",
        ),
        pytest.param(
            '{"status":"fail","checks":{"db:connections":[{"status":"fail","output":"connection refused"}]}}',
            "db:connections: connection refused",
            503,
            "application/health+json",
            id="health-rfc",
        ),
        pytest.param(
            '{"status":"Unhealthy","totalDuration":"00:00:01","entries":{"sql":{"status":"Unhealthy","description'
            '":"Cannot open database","duration":"00:00:01"},"redis":{"status":"Healthy"}}}',
            "sql: Cannot open database",
            503,
            "application/json",
            id="healthchecks-net",
        ),
        pytest.param(
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode '
            'xmlns:a="x">a:DeserializationFailed</faultcode><faultstring xml:lang="en-US">The formatter threw an '
            'exception</faultstring><detail><ExceptionDetail xmlns="y"><Message>bad '
            "value</Message><StackTrace>at "
            "X</StackTrace></ExceptionDetail></detail></s:Fault></s:Body></s:Envelope>",
            "The formatter threw an exception; bad value",
            500,
            "text/xml; charset=utf-8",
            id="soap-ns",
        ),
        pytest.param(
            '{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors '
            'occurred.","status":400,"errors":{"Email":["The Email field is required."]},"traceId":"00-1"}',
            "One or more validation errors occurred. Email: The Email field is required.",
            400,
            "application/problem+json; charset=utf-8",
            id="aspnet-problem",
        ),
        pytest.param(
            '{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods \\"x\\" not '
            'found","reason":"NotFound","details":{"name":"x","kind":"pods"},"code":404}',
            'pods "x" not found; NotFound; kind: pods',
            404,
            "application/json",
            id="k8s-status",
        ),
        pytest.param(
            '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:1: parse error: no '
            'expression found in input"}',
            'invalid parameter "query": 1:1: parse error: no expression found in input',
            400,
            "application/json",
            id="prom",
        ),
        pytest.param(
            'Traceback (most recent call last):\n  File "/app.py", line 3, in app\n    raise '
            "X\npsycopg2.OperationalError: could not connect to server: Connection refused\n",
            "psycopg2.OperationalError: could not connect to server: Connection refused",
            500,
            "text/plain",
            id="py-trace-plain",
        ),
    ],
)
def test_errors(body: str, said: str, status: int, content_type: str) -> None:
    """What the answer says is wrong, in words, without what is around it."""
    assert Page("http://h/", status, {"content-type": content_type}, body.encode()).complaint() == said


@pytest.mark.parametrize(
    "body",
    [
        '{"message": "Welcome", "items": []}',
        '{"error": null, "items": []}',
        '{"errors": [], "data": {"cart": 3}}',
        '{"status": "ok", "error_count": 0}',
        '{"error": ',
        '["error"]',
        "[" * 3000,
        '{"errors": 3, "failed": false}',
    ],
)
def test_no_error(body: str) -> None:
    """An answer that reports none, or that nobody can read, says what it says."""
    assert Page("http://h/", 200, {"content-type": "application/json"}, body.encode()).messages == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"success": false, "message": "Stock is empty"}', "Stock is empty"),
        ('{"ok": false, "description": "chat not found"}', "chat not found"),
        ('{"status": "error", "message": "rate limit"}', "rate limit"),
        ('[{"data": null, "errors": [{"message": "no cart"}]}]', "no cart"),
        ('\ufeff{"fault": {"faultstring": "Spike arrest"}}', "Spike arrest"),
        ('{"Error": "Login failed"}', "Login failed"),
        ('{"errors": {"name": ["is taken", "is short"]}}', "name: is taken; name: is short"),
        ('{"error": {"code": "NO_STOCK"}}', "NO_STOCK"),
    ],
)
def test_an_error_with_a_good_status(body: str, said: str) -> None:
    """Many interfaces answer 200 and report the error in the answer."""
    page = Page("http://h/", 200, {"content-type": "application/json"}, body.encode())
    assert (page.complaint(), page.alerts) == (said, said)
