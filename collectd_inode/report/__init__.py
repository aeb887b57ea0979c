"""An observation for each receiver: value lists, notifications, text, JSON.  Pure: nothing here waits or writes."""
