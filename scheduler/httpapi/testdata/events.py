# Reads the event stream as python-marathon does, to its end.
import sys

from marathon import MarathonClient

for event in MarathonClient(sys.argv[1]).event_stream():
    plan = getattr(event, "plan", None)
    print(type(event).__name__, plan.target.version if plan else "")
