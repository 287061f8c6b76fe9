package durable

import "go.temporal.io/sdk/client"

// Client is connected to the engine's server.
func (e *Engine) Client() client.Client { return e.client }
