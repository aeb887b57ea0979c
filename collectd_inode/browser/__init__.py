"""The plain engine: gets pages as a browser does, without JavaScript.  Pure but for browser.py and suffixes.py."""
