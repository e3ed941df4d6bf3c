"""What holds for all tests: how many examples Hypothesis tries, and that Ctrl-C is heard."""

import os
import signal

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, and nothing about what is tested.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

# Few, so that the suite is quick; many with HYPOTHESIS_PROFILE=thorough.
settings.register_profile("quick", UNHURRIED, max_examples=25)
settings.register_profile("thorough", UNHURRIED, max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# What a shell starts in the background ignores Ctrl-C, and so would the processes that tests end with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
