package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// A debug page may be asked for what a file would have: its address stands in the
// place of the file.

const (
	// patience is how long a page may take in all.
	patience = 15 * time.Second
	// mostBytes is how much a page may send.
	mostBytes = 256 << 20
)

// isAddress tells an address from a file.
func isAddress(arg string) bool {
	scheme, _, ok := strings.Cut(arg, "://")
	return ok && scheme != "" && !strings.ContainsAny(scheme, "/.")
}

// fetch gets the JSON of a page of asapweb. The parameters, in pairs, are added to
// the address where it has none of that name; an empty value is none.
func fetch(address string, parameters ...string) ([]byte, error) {
	return fetchAs("json", address, parameters...)
}

// fetchAs gets a page in a format that is JSON.
func fetchAs(format, address string, parameters ...string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("%s: this is no address: %w", address, errors.Unwrap(err))
	}
	address = shown(address)
	switch u.Scheme {
	case "http", "https":
	default:
		return nil, fmt.Errorf("%s: addresses of pages begin with http:// or https://", address)
	}
	q := u.Query()
	for i := 0; i+1 < len(parameters); i += 2 {
		if name, value := parameters[i], parameters[i+1]; value != "" && !q.Has(name) {
			q.Set(name, value)
		}
	}
	q.Set("format", format)
	u.RawQuery, u.Fragment = q.Encode(), ""
	request, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	request.Header.Set("Accept", "application/json")
	client := &http.Client{Timeout: patience}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, unreached(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", address, cutOff(err))
	case len(body) > mostBytes:
		return nil, fmt.Errorf("%s: it sends more than %d MB", address, mostBytes>>20)
	}
	if err := wrongAnswer(response, body); err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return body, nil
}

// shown is an address as messages have it, without a password.
func shown(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return u.Redacted()
	}
	return address
}

// unreached is why there is no answer, without what the address says already.
func unreached(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		if e.Timeout() {
			return fmt.Errorf("no answer within %v", patience)
		}
		err = e.Err
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("no such host: %s", e.Name)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("no answer within %v", patience)
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Err != nil {
		return e.Err
	}
	return err
}

// cutOff is why an answer that had begun did not end.
func cutOff(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return fmt.Errorf("no whole answer within %v", patience)
	}
	return unreached(err)
}

// wrongAnswer is what is wrong with an answer that is not the JSON of a page.
func wrongAnswer(response *http.Response, body []byte) error {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	said := ""
	if media == "text/plain" { // in which a page of asapweb says what is wrong
		line, _, _ := bytes.Cut(body, []byte("\n"))
		said = string(line[:min(len(line), 500)])
	}
	switch {
	case response.StatusCode == http.StatusForbidden && said != "":
		return fmt.Errorf("refused: %s", said)
	case response.StatusCode != http.StatusOK && said != "":
		return fmt.Errorf("%s: %s", response.Status, said)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s", response.Status)
	case media != "application/json":
		return fmt.Errorf("this is no page of asapweb: it sends %s, not JSON", kindOf(media))
	}
	return nil
}

func kindOf(media string) string {
	if media == "" {
		return "something without a type"
	}
	return media
}
