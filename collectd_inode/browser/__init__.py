"""The plain engine: what a browser does to get a page without JavaScript.  Pure but for browser.py and suffixes.py."""
