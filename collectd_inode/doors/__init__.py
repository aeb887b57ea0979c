"""Two doors into collectd from outside its process: a program of its exec plugin, and a service on its unixsock."""
