"""
What goes over the wire, and what an answer means.

One rule: nothing here decides what to do next. Credentials sign, the transport sends once, and `outcome` judges.
"""
