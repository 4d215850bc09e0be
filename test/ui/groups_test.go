package ui

import (
	"net/http"
	"strings"
	"testing"
)

// A group is scaled, edited as a whole and destroyed from the list of its Apps.
func TestGroups(t *testing.T) {
	t.Parallel()
	g, _ := mini(t, "--agents", "2")
	g.must(http.MethodPost, "/v2/apps", shell("/shop/web", forever, "1", ""))
	g.must(http.MethodPost, "/v2/apps", shell("/shop/back/db", forever, "1", ""))
	g.must(http.MethodPost, "/v2/apps", shell("/other", forever, "1", ""))
	g.settled("/shop/back/db", 1)
	p := visit(t, g.url, "apps?group=%2Fshop")
	p.sees("2 of 3 apps")
	p.press("Scale group…")
	p.fill("By the factor", "2")
	p.sees("The instances of 2 apps are multiplied, 2 instances by 2")
	p.press("Scale")
	p.sees("is being scaled by 2", "2 / 2")
	g.settled("/shop/web", 2)
	g.settled("/shop/back/db", 2)
	p.press("Edit group")
	p.at("edit-group/shop")
	p.until(`document.querySelector("textarea")?.value.includes("/shop/back/db")`)
	whole := eval[string](p, `document.querySelector("textarea").value`)
	p.write(strings.Replace(whole, `"cpus": 0.1`, `"cpus": -1`, 1))
	p.press("Deploy")
	p.sees("Refused (422)", "cpus")
	p.until(`document.querySelectorAll(".gutter .bad").length === 1`)
	p.write(strings.Replace(whole, `"instances": 2`, `"instances": 1`, 1))
	p.press("Deploy")
	p.sees("/shop is being deployed", "3 / 3")
	p.press("Destroy group…")
	p.fill("To confirm, enter its id", "/shop")
	p.press("Destroy")
	p.sees("/shop is being destroyed", "1 app")
}
