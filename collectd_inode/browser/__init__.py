"""What a browser does without JavaScript: page, forms, cookies, encodings, visible text.  Pure but for browser.py."""

from collectd_inode.browser.browser import Browser, Profile
from collectd_inode.browser.page import Page
from collectd_inode.browser.text import normalise

__all__ = ["Browser", "Page", "Profile", "normalise"]
