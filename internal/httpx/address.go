package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// maxForwarded is how many addresses of X-Forwarded-For are read, from the right.
const maxForwarded = 16

// origin is where a request came from: the peer of the connection, the client behind the
// trusted proxies, and whether the client's own connection is encrypted.
type origin struct {
	peer, client netip.Addr
	secure       bool
}

// originOf believes forwarding headers only from peers within trusted: anybody else could
// write any address into them.
func originOf(r *http.Request, trusted []netip.Prefix) origin {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return origin{secure: r.TLS != nil}
	}
	peer := ap.Addr().Unmap()
	o := origin{peer: peer, client: peer, secure: r.TLS != nil}
	if len(trusted) == 0 || !within(peer, trusted) {
		return o
	}
	if p := r.Header.Get("X-Forwarded-Proto"); p != "" {
		o.secure = p == "https"
	}
	o.client = forwarded(r.Header.Values("X-Forwarded-For"), trusted, peer)
	return o
}

// forwarded walks the chain from its trusted end and stops at the first stranger.
func forwarded(headers []string, trusted []netip.Prefix, peer netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(headers, ","), ",")
	client := peer
	for i := len(hops) - 1; i >= 0 && i >= len(hops)-maxForwarded; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return client
		}
		if client = a.Unmap(); !within(client, trusted) {
			return client
		}
	}
	return client
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// network is the address without its last part, as the access log keeps it: enough to see
// an attack, too little to know a person.
func network(a netip.Addr) string {
	bits := 24
	if a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// addressKey names the client for limits; an IPv6 client owns its whole /64.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return "a" + p.Addr().String()
		}
	}
	return "a" + a.String()
}
