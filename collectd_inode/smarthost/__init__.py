"""The way out for mail: the SMTP dialogue without sockets, and the probe that leads it with a smarthost."""
