package e2e_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"foyer/internal/document"
	"foyer/test/rig"
)

// TestDocumentOpensAnOfflineGate: a gate without a network finds the ticket of a visitor by
// the card that she shows, since its list holds the card's hash under a key of that list
// alone. Neither the card nor her name is in the list, and the hash of another list proves
// nothing.
func TestDocumentOpensAnOfflineGate(t *testing.T) {
	t.Parallel()
	s := rig.Demo(t)
	h := s.House()
	session, _ := premiere(t, h)
	venue := h.Owner.Get(h.Path + "/sessions/" + session).S("venue_id")
	card := idCard(t, "19880203", 21)
	buyer := s.Member()
	wish := rig.Wish(session, h.Adult, buyer.Seats(session).Pick(1, "gold")...)
	wish["lines"].([]map[string]any)[0]["visitors"] = people{person("林青山", card)}
	order := buyer.Post(201, "/orders", wish, append(rig.Key("named"), "Foyer-Device",
		"device-of-green-hills")...)
	buyer.Cashier(buyer.OpenPayment(order.S("id"), "pay"), "pay").Want(200)
	buyer.Await("/orders/"+order.S("id"), 20*time.Second, "paid")
	mine := buyer.Tickets(order.S("id"))[0].S("id")
	first, second := h.Gate(venue), h.Gate(venue)
	hash := func(gate *rig.Person) (string, rig.Doc) {
		list := gate.Get("/gate/list")
		if bytes.Contains(list.Raw(), []byte(card)) || bytes.Contains(list.Raw(), []byte("林青山")) {
			t.Fatal("the list names people")
		}
		key, err := hex.DecodeString(list.One("sessions", func(d rig.Doc) bool {
			return d.S("id") == session
		}).S("document_key"))
		if err != nil || len(key) != 32 {
			t.Fatal("no key of documents", err)
		}
		shown, err := document.Parse(document.IDCard, card)
		if err != nil {
			t.Fatal(err)
		}
		sum := hmac.New(sha256.New, key)
		sum.Write([]byte("document\x00" + shown.Key()))
		return hex.EncodeToString(sum.Sum(nil)[:16]), list
	}
	shown, list := hash(first)
	found := list.One("tickets", func(d rig.Doc) bool {
		return d.S("documents.0") == shown
	})
	if found.S("id") != mine {
		t.Fatal("the card finds", found)
	}
	if other, _ := hash(second); other == shown {
		t.Fatal("two lists share a key")
	}
	up := func(gate *rig.Person, nonce, proof string) string {
		now := time.Now()
		return gate.Post(200, "/gate/scans", map[string]any{"device_time": now,
			"scans": []map[string]any{{"ticket_id": mine, "document_hash": proof,
				"direction": "entry", "nonce": nonce, "at": now}}}).S("items.0.result")
	}
	if got := up(second, "borrowed", shown); got != "unreadable" {
		t.Fatal("the hash of another list is", got)
	}
	if got := up(first, "none", ""); got != "unreadable" {
		t.Fatal("no hash is", got)
	}
	if got := up(first, "card", shown); got != "accepted" {
		t.Fatal("the card's scan is", got)
	}
	s.Finish(session)
}
