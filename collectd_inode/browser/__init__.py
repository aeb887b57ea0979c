"""The plain engine: gets pages as a browser does, without JavaScript.  Pure but for sending.py and suffixes.py."""
