package ownership

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// user is somebody else than root who need not exist.
const user = 65534

func owner(t *testing.T, path string) uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

func write(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGiveHandsOverAllButWhatLinksPointTo(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Fatal("only root can give files away; run the tests as root")
	}
	outside := write(t, filepath.Join(t.TempDir(), "outside", "file"))
	dir := t.TempDir()
	deep, foreign, link := write(t, filepath.Join(dir, "a", "b", "c")), write(t, filepath.Join(dir, "foreign")), filepath.Join(dir, "link")
	if err := os.Chown(foreign, 7, 7); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), link); err != nil {
		t.Fatal(err)
	}
	if err := Give(dir, user, user); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]uint32{
		dir: user, filepath.Join(dir, "a"): user, filepath.Dir(deep): user, deep: user, link: user,
		foreign: 7, outside: 0, filepath.Dir(outside): 0,
	} {
		if got := owner(t, path); got != want {
			t.Errorf("%s belongs to %d, want %d", path, got, want)
		}
	}
	if err := Give(filepath.Join(dir, "absent"), user, user); err == nil {
		t.Error("giving what is not there succeeded")
	}
}

func TestAFileFollowsItsDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chown(dir, user, user); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	Follow(f)
	if got := owner(t, f.Name()); got != user {
		t.Errorf("the file belongs to %d, want %d", got, user)
	}
}
