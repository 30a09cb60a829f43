"""What holds for every test run of this checkout, whichever folder it is about."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what goes to the background with Ctrl-C ignored, which children inherit: tests that interrupt a
    # command would wait for ever.
    signal.signal(signal.SIGINT, signal.default_int_handler)
