"""Makes every call of Debian's python3-marathon, whose constructors refuse each member that they do not know.

    client.py http://127.0.0.1:8080
"""
import sys
import time

from marathon import MarathonClient, NotFoundError
from marathon.exceptions import ConflictError, MarathonHttpError
from marathon.models import MarathonApp, MarathonGroup
from marathon.models.app import MarathonHealthCheck, MarathonUpgradeStrategy
from marathon.models.constraint import MarathonConstraint
from marathon.models.container import MarathonContainer, MarathonDockerContainer


def expect(what, got, want):
    if got != want:
        sys.exit("%s: got %r, want %r" % (what, got, want))


def raises(what, kind, call):
    try:
        call()
    except kind:
        return
    sys.exit("%s: did not raise %s" % (what, kind.__name__))


def until(what, check):
    deadline = time.monotonic() + 120
    while not check():
        if time.monotonic() > deadline:
            sys.exit("%s: not within two minutes" % what)
        time.sleep(0.05)


def settled():
    until("no deployment", lambda: not c.list_deployments())


def running(app_id, wanted, gone):
    """Waits until an app has that many tasks, all of which run, and none of those."""
    def check():
        tasks = c.list_tasks(app_id)
        return len(tasks) == wanted and all(t.state == "TASK_RUNNING" and t.id not in gone for t in tasks)
    until("%d tasks of %s run" % (wanted, app_id), check)


c = MarathonClient(sys.argv[1], timeout=60)
c.session.trust_env = False


def scheduler():
    expect("ping", c.ping(), b'"pong"')
    info = c.get_info()
    expect("name", info.name, "marathon")
    expect("elected", info.elected, True)
    expect("ports", (info.marathon_config.local_port_min, info.marathon_config.local_port_max), (10000, 20000))
    expect("leader", c.get_leader()["leader"], info.leader)
    raises("abdication of the only one", ConflictError, c.delete_leader)
    metrics = c.get_metrics()
    expect("metrics", metrics["gauges"]["marathon.apps.active.gauge"], {"value": 0})
    for call in (c.list_event_subscriptions, lambda: c.create_event_subscription("http://127.0.0.1:1/"),
                 lambda: c.delete_event_subscription("http://127.0.0.1:1/")):
        raises("callbacks", NotFoundError, call)


def apps():
    app = MarathonApp(
        cmd="exec sleep 1000", cpus=0.05, mem=16, instances=2, ports=[0, 0], uris=[], labels={"tier": "front"}, env={"A": "1"},
        constraints=[MarathonConstraint("hostname", "MAX_PER", 50)],
        health_checks=[MarathonHealthCheck(protocol="COMMAND", command={"value": "true"}, interval_seconds=1, grace_period_seconds=5, delaySeconds=0)],
        upgrade_strategy=MarathonUpgradeStrategy(maximum_over_capacity=1, minimum_health_capacity=0))
    created = c.create_app("/prod/web", app)
    expect("created id", created.id, "/prod/web")
    raises("second create", ConflictError, lambda: c.create_app("/prod/web", app))
    settled()

    web = c.get_app("/prod/web", embed_tasks=True, embed_counts=True, embed_deployments=True, embed_readiness=True,
                    embed_last_task_failure=True, embed_failures=True, embed_task_stats=True)
    expect("running", web.tasks_running, 2)
    expect("healthy", web.tasks_healthy, 2)
    expect("constraint", web.constraints[0].value, "50")
    expect("port", web.port_definitions[0].port >= 10000, True)
    expect("statistics", web.task_stats.total_summary.stats.counts.running, 2)
    expect("apps", [a.id for a in c.list_apps(
        cmd="SLEEP", app_id="web", label="tier==front", embed_tasks=True, embed_counts=True, embed_deployments=True, embed_readiness=True,
        embed_last_task_failure=True, embed_failures=True, embed_task_stats=True)], ["/prod/web"])
    expect("filtered apps", [a.id for a in c.list_apps(instances=2)], ["/prod/web"])
    expect("endpoints", len(c.list_endpoints()), 4)
    first = c.list_versions("/prod/web")[0]
    expect("version's cmd", c.get_version("/prod/web", first).cmd, "exec sleep 1000")

    c.scale_app("/prod/web", delta=1)
    settled()
    expect("scaled", c.get_app("/prod/web").tasks_running, 3)
    c.scale_app("/prod/web", instances=2)
    settled()
    c.update_app("/prod/web", MarathonApp(cmd="exec sleep 2000", labels={"x": "y"}), minimal=True)
    settled()
    expect("updated", c.get_app("/prod/web").cmd, "exec sleep 2000")
    c.update_app("/prod/web", MarathonApp(instances=2), force=True, minimal=False)
    settled()
    expect("labels after an update with nulls and empty collections", c.get_app("/prod/web").labels, {})
    c.rollback_app("/prod/web", first)
    settled()
    expect("rolled back", c.get_app("/prod/web").cmd, "exec sleep 1000")
    c.restart_app("/prod/web", force=True)
    settled()
    c.update_apps([MarathonApp(id="/prod/web", instances=1), MarathonApp(id="/prod/two", cmd="exec sleep 1000", cpus=0.05, mem=16)], force=True)
    settled()
    expect("several", sorted((a.id, a.tasks_running) for a in c.list_apps(embed_counts=True)), [("/prod/two", 1), ("/prod/web", 1)])

    bridged = MarathonApp(instances=0, container=MarathonContainer(docker=MarathonDockerContainer(
        image="nginx", network="BRIDGE", port_mappings=[{"containerPort": 80, "hostPort": 0}])))
    expect("bridged app", c.create_app("prod/nginx", bridged, minimal=False).id, "/prod/nginx")
    settled()
    nginx = c.get_app("prod/nginx")
    expect("mapping", nginx.container.port_mappings[0].container_port, 80)

    raises("unknown app", NotFoundError, lambda: c.get_app("/none"))
    raises("invalid app", MarathonHttpError, lambda: c.create_app("/bad", MarathonApp(cmd="x", cpus=-1)))
    for app_id in ("/prod/nginx", "/prod/two"):
        c.delete_app(app_id, force=False)
        settled()
        raises("deleted app", NotFoundError, lambda: c.get_app(app_id))


def tasks():
    c.scale_app("/prod/web", instances=5)
    settled()
    tasks = c.list_tasks("/prod/web")
    expect("tasks", (len(tasks), len(c.list_tasks()), len(c.list_tasks(app_id="/prod/web", host=tasks[0].host))), (5, 5, 5))
    killed = c.kill_task("/prod/web", tasks[0].id)
    expect("killed", killed.id, tasks[0].id)
    running("/prod/web", 5, [killed.id])
    scaled = c.kill_task("/prod/web", tasks[1].id, scale=True)
    expect("killed and scaled", "deploymentId" in scaled, True)
    settled()
    expect("given tasks", c.kill_given_tasks([tasks[2].id], scale=True, force=True), True)
    settled()
    expect("instances", c.get_app("/prod/web").instances, 3)
    ended = c.kill_tasks("/prod/web", host=tasks[0].host)
    expect("all tasks", len(ended), 3)
    running("/prod/web", 3, [t.id for t in ended])
    expect("all tasks, scaled", "deploymentId" in c.kill_tasks("/prod/web", scale=True), True)
    settled()
    expect("none is left", (c.get_app("/prod/web").instances, c.list_tasks("/prod/web")), (0, []))


def deployments():
    c.create_app("/stuck", MarathonApp(cmd="exec sleep 1000", cpus=1000, mem=16))
    mine = c.list_deployments()[0]
    expect("affected", mine.affected_apps, ["/stuck"])
    expect("action", mine.current_actions[0].app, "/stuck")
    expect("steps", (mine.current_step, mine.total_steps, [s.actions[0].action for s in mine.steps]), (2, 2, ["StartApplication", "ScaleApplication"]))
    raises("locked", ConflictError, lambda: c.scale_app("/stuck", instances=9))
    until("an offer was of no use", lambda: c.list_queue(embed_last_unused_offers=True)[0].last_unused_offers)
    item = c.list_queue()[0]
    expect("queue", (item.app.id, item.count, item.delay.overdue), ("/stuck", 1, True))
    c.reset_delay("/stuck")
    undone = c.delete_deployment(mine.id)
    expect("undone", "deploymentId" in undone, True)
    settled()
    raises("undone app", NotFoundError, lambda: c.get_app("/stuck"))
    c.create_app("/stuck", MarathonApp(cmd="exec sleep 1000", cpus=1000, mem=16))
    expect("stopped", c.delete_deployment(c.list_deployments()[0].id, force=True), {})
    settled()
    c.delete_app("/stuck", force=True)
    settled()
    c.create_app("/fails", MarathonApp(cmd="exit 7", cpus=0.05, mem=16))
    until("a failure", lambda: c.get_app("/fails").last_task_failure)
    expect("failure", c.get_app("/fails").last_task_failure.state, "TASK_FAILED")
    c.delete_app("/fails", force=True)
    settled()


def groups():
    sleeper = {"cmd": "exec sleep 1000", "cpus": 0.05, "mem": 16}
    c.create_group(MarathonGroup(id="/shop", apps=[MarathonApp(id="web", instances=2, **sleeper)]))
    settled()
    expect("groups", "/shop" in [g.id for g in c.list_groups()], True)
    group = c.get_group("/shop")
    expect("apps of the group", [a.id for a in group.apps], ["/shop/web"])
    first = group.version
    c.update_group("/shop", MarathonGroup(apps=[MarathonApp(id="web", instances=1, **sleeper), MarathonApp(id="db", **sleeper)]))
    settled()
    expect("apps of the changed group", sorted(a.id for a in c.get_group("/shop").apps), ["/shop/db", "/shop/web"])
    c.scale_group("/shop", 2)
    settled()
    expect("scaled", c.get_app("/shop/db").instances, 2)
    c.rollback_group("/shop", first)
    settled()
    expect("apps of the rolled back group", [(a.id, a.instances) for a in c.get_group("/shop").apps], [("/shop/web", 2)])
    c.delete_group("/shop", force=True)
    settled()
    raises("deleted group", NotFoundError, lambda: c.get_group("/shop"))


scheduler()
apps()
tasks()
deployments()
groups()
print("ok")
