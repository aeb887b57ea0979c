"""The way out for mail: the SMTP dialogue without sockets, and the probe that holds it with a smarthost."""
