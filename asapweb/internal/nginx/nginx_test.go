package nginx_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asap-go/asap/asapweb"
	"github.com/asap-go/asap/waterfall"
)

// program returns where nginx is.
func program(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("NGINX"), "nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI is set, and there is no nginx")
	}
	t.Skip("NOT TESTED: who is kept out behind nginx needs nginx")
	return ""
}

// keptAlive tells whether that nginx speaks HTTP/1.1 to whom it proxies for, and
// keeps the connection, without being told to: from 1.29.7 on.
func keptAlive(t *testing.T, nginx string) bool {
	t.Helper()
	out, err := exec.Command(nginx, "-v").CombinedOutput()
	if err != nil {
		t.Fatalf("nginx -v: %v: %s", err, out)
	}
	_, version, _ := strings.Cut(string(out), "nginx/")
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		t.Fatalf("nginx -v: %q: %v", out, err)
	}
	return 1e6*major+1e3*minor+patch >= 1_029_007
}

// start starts nginx with a server of that configuration, and returns a client
// of it, who may ask for any host.
func start(t *testing.T, nginx, config string) *http.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "nginx") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	all := "daemon off;\nmaster_process off;\npid " + dir + "/pid;\nerror_log " + dir + "/errors;\nevents {}\nhttp {\naccess_log off;\n"
	for _, of := range []string{"client_body", "proxy", "fastcgi", "scgi", "uwsgi"} {
		all += of + "_temp_path " + dir + "/" + of + ";\n"
	}
	all += strings.ReplaceAll(config, "LISTEN", "listen unix:"+socket+";") + "\n}\n"
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(all), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, nginx, "-p", dir, "-c", file)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() }) // it was killed
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := dial(ctx, "", "")
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			cancel()
			_ = cmd.Wait()
			said, _ := os.ReadFile(filepath.Join(dir, "errors"))
			t.Fatalf("nginx does not answer: %v\n%s%s", err, output.String(), said)
		}
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestProxied asks for the page through nginx, as a stranger does: with the
// headers of a browser, and as a program without any.
func TestProxied(t *testing.T) {
	nginx := program(t)
	stats := new(waterfall.Stats)
	stats.Add(&waterfall.Run{Name: "secret", Ended: true, Makespan: 1, Groups: []waterfall.Group{{ID: 1, Name: "secret", End: 1, Outcome: 1}}})
	mux := http.NewServeMux()
	mux.Handle("/debug/asap/", asapweb.Handler(stats))
	server := httptest.NewServer(mux)
	defer server.Close()

	const keepAlive = "proxy_http_version 1.1; proxy_set_header Connection \"\"; "
	const noTrace = "a browser without the header Connection: keep-alive"
	plain, named := [2]string{"HTTP/1.0", "HTTP/1.0"}, [2]string{"HTTP/1.0", "HTTP/1.0"}
	if keptAlive(t, nginx) {
		plain, named = [2]string{noTrace, ""}, [2]string{"header X-Forwarded-For", "header X-Forwarded-For"}
	}
	usual := "proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme; "
	if _, err := os.Stat("/etc/nginx/proxy_params"); err == nil {
		usual = "include /etc/nginx/proxy_params; " // those of Debian
	}
	upstream := "upstream shop { server " + strings.TrimPrefix(server.URL, "http://") + "; keepalive 8; }\n"
	for _, tt := range []struct {
		name, before, location string
		path, host             string
		refused                [2]string // what a browser and a program are refused for, or empty
	}{
		{name: "nothing but proxy_pass", location: "proxy_pass " + server.URL + ";", refused: plain},
		{name: "the usual headers", location: usual + "proxy_pass " + server.URL + ";", host: "localhost", refused: named},
		{name: "the usual headers for the site", location: usual + keepAlive + "proxy_pass " + server.URL + ";", refused: [2]string{"host shop.example", "host shop.example"}},
		{name: "the usual headers with HTTP/1.1", location: usual + keepAlive + "proxy_pass " + server.URL + ";", host: "localhost",
			refused: [2]string{"header X-Forwarded-For", "header X-Forwarded-For"}},
		{name: "a kept connection and the site's name", before: upstream, location: keepAlive + "proxy_set_header Host $host; proxy_pass http://shop;",
			refused: [2]string{"host shop.example", "host shop.example"}},
		{name: "a kept connection and the upstream's name", before: upstream, location: keepAlive + "proxy_pass http://shop;",
			refused: [2]string{"host shop", "host shop"}},
		{name: "HTTP/1.1, the connection closed", location: "proxy_http_version 1.1; proxy_set_header Connection close; proxy_pass " + server.URL + ";",
			refused: [2]string{"header Connection: close", "header Connection: close"}},
		{name: "set up for web sockets", location: "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection \"upgrade\"; proxy_pass " + server.URL + ";",
			refused: [2]string{"header Connection: upgrade", "header Connection: upgrade"}},
		{name: "a prefix stripped", location: "proxy_pass " + server.URL + "/;", path: "/app/debug/asap/", refused: plain},
		// What remains, as the documentation says: without a trace a program
		// that asks through the proxy is as one on this machine.
		{name: "a prefix stripped, no trace left", path: "/app/debug/asap/", refused: [2]string{noTrace, ""},
			location: keepAlive + `proxy_set_header X-Forwarded-For ""; proxy_set_header X-Real-IP ""; proxy_set_header Via ""; proxy_pass ` + server.URL + "/;"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, at := "/debug/asap/", "/"
			if tt.path != "" {
				path, at = tt.path, "/app/"
			}
			host := "shop.example"
			if tt.host != "" {
				host = tt.host
			}
			client := start(t, nginx, tt.before+"server {\nLISTEN\nlocation "+at+" { "+tt.location+" }\n}")
			for i, who := range []string{"a browser", "a program"} {
				r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+host+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
					r.Header.Set("Connection", "keep-alive")
				}
				res, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil {
					t.Fatal(err)
				}
				want := tt.refused[i]
				if want == "" {
					if res.StatusCode != http.StatusOK {
						t.Errorf("%s: %s %s, want 200: if it is refused now, say so in the documentation", who, res.Status, body)
					}
					continue
				}
				if res.StatusCode != http.StatusForbidden || !strings.HasPrefix(string(body), want) || strings.Contains(string(body), "secret") {
					t.Errorf("%s: %s %.300s, want 403 that begins with %q", who, res.Status, body, want)
				}
			}
		})
	}
}
