"""An observation as others want it: value lists, notifications, text, JSON.  Pure: nothing here waits or writes."""
