"""Drives the API with Debian's python3-marathon, whose constructors refuse every member they do not know."""
import sys

from marathon import MarathonClient, NotFoundError
from marathon.exceptions import ConflictError, MarathonHttpError
from marathon.models import MarathonApp
from marathon.models.constraint import MarathonConstraint
from marathon.models.container import MarathonContainer, MarathonDockerContainer
from marathon.models.app import MarathonHealthCheck


def expect(what, got, want):
    if got != want:
        sys.exit("%s: got %r, want %r" % (what, got, want))


def raises(what, kind, call):
    try:
        call()
    except kind:
        return
    sys.exit("%s: did not raise %s" % (what, kind.__name__))


c = MarathonClient(sys.argv[1])
expect("ping", c.ping(), b'"pong"')
expect("name", c.get_info().name, "marathon")
expect("leader", c.get_leader()["leader"], "leader.example:8080")

app = MarathonApp(
    cmd="sleep 100", cpus=0.1, mem=32, instances=2, ports=[0, 0], uris=["http://example/x.tgz"],
    constraints=[MarathonConstraint("hostname", "MAX_PER", 2)], labels={"tier": "front"}, env={"A": "1"},
    health_checks=[MarathonHealthCheck(protocol="HTTP", path="/", port_index=0)])
created = c.create_app("/prod/web", app)
expect("created id", created.id, "/prod/web")
raises("second create", ConflictError, lambda: c.create_app("/prod/web", app))

bridged = MarathonApp(
    container=MarathonContainer(
        docker=MarathonDockerContainer(image="nginx", network="BRIDGE", port_mappings=[{"containerPort": 80, "hostPort": 0}])))
expect("bridged app", c.create_app("prod/nginx", bridged, minimal=False).id, "/prod/nginx")

while c.list_deployments():
    pass
web = c.get_app("/prod/web", embed_tasks=True, embed_counts=True, embed_deployments=True, embed_readiness=True,
                embed_last_task_failure=True, embed_failures=True, embed_task_stats=True)
expect("running", web.tasks_running, 2)
expect("healthy", web.tasks_healthy, 2)
expect("constraint", web.constraints[0].value, "2")
expect("port", web.port_definitions[0].port, 10000)
nginx = c.get_app("prod/nginx")
expect("mapping", nginx.container.port_mappings[0].container_port, 80)
expect("apps", sorted(a.id for a in c.list_apps(embed_tasks=True, embed_counts=True, label="tier")), ["/prod/web"])
expect("endpoints", len(c.list_endpoints()), 5)
expect("tasks", len(c.list_tasks("/prod/web")), 2)
expect("versions", len(c.list_versions("/prod/web")), 1)
first = c.list_versions("/prod/web")[0]
expect("version's cmd", c.get_version("/prod/web", first).cmd, "sleep 100")

c.scale_app("/prod/web", delta=6)
raises("locked", ConflictError, lambda: c.scale_app("/prod/web", instances=9))
expect("affected", c.list_deployments()[0].affected_apps, ["/prod/web"])
expect("action", c.list_deployments()[0].current_actions[0].app, "/prod/web")
while c.list_deployments():
    pass
expect("scaled", c.get_app("/prod/web").tasks_running, 8)
c.update_app("/prod/web", MarathonApp(cmd="sleep 200", labels={"x": "y"}), minimal=True)
while c.list_deployments():
    pass
expect("updated", c.get_app("/prod/web").cmd, "sleep 200")
c.rollback_app("/prod/web", first)
while c.list_deployments():
    pass
expect("rolled back", c.get_app("/prod/web").cmd, "sleep 100")
c.update_apps([MarathonApp(id="/prod/nginx", instances=2)], force=True)
while c.list_deployments():
    pass
c.scale_app("/prod/nginx", instances=9)
expect("queue", [(i.app.id, i.delay.overdue) for i in c.list_queue()], [("/prod/nginx", True)])
while c.list_deployments():
    pass
c.restart_app("/prod/nginx", force=True)
while c.list_deployments():
    pass

task = c.list_tasks("/prod/web")[0]
killed = c.kill_task("/prod/web", task.id)
expect("killed", killed.id, task.id)
c.kill_given_tasks([t.id for t in c.list_tasks("/prod/nginx")], scale=True)
expect("queue of strict items", isinstance(c.list_queue(), list), True)
while c.list_deployments():
    pass
expect("scaled down by kill", c.get_app("/prod/nginx").instances, 0)

raises("unknown app", NotFoundError, lambda: c.get_app("/none"))
raises("invalid app", MarathonHttpError, lambda: c.create_app("/bad", MarathonApp(cmd="x", cpus=-1)))
c.delete_app("/prod/nginx", force=False)
while c.list_deployments():
    pass
raises("deleted app", NotFoundError, lambda: c.get_app("/prod/nginx"))
print("ok")
