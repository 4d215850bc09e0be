"""Follows events with Debian's python3-marathon until a deployment of an app has ended.

    events.py http://127.0.0.1:8080
"""
import sys

from marathon import MarathonClient

for event in MarathonClient(sys.argv[1]).event_stream():
    plan = getattr(event, "plan", None)
    print(type(event).__name__, plan.target.version if plan else "", flush=True)
    if type(event).__name__ == "MarathonDeploymentSuccess":
        break
