package services

import (
	"net/http/httptest"
	"time"
)

// LatencyFor is what the model draws for a call at speed 1.
func (c *Cluster) LatencyFor(service, request, call, uri string) time.Duration {
	r := httptest.NewRequest("GET", uri, nil)
	r.Header.Set(requestHeader, request)
	r.Header.Set(callHeader, call)
	l := c.servers[service].latency
	l.speed = 1
	return l.of(r, None)
}
