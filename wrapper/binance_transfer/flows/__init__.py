"""
What to do, step by step, without doing it.

One rule: a flow yields what somebody has to wait for, and decides on what it is given. Drivers perform.
"""
