package security_test

// swap is a change of the first unit of a house's order to another place of its session.
func swap(h *house) any {
	return fields{"units": []fields{{"line": 1, "unit": 1}}, "session_id": h.ids["session"],
		"lines": []fields{{"ticket_type_id": h.ids["ticket_type"], "places": []int{1}}}}
}

// upgrade is another type for the first unit of a house's order.
func upgrade(h *house) any {
	return fields{"units": []fields{{"line": 1, "unit": 1}},
		"ticket_type_id": h.ids["ticket_type"]}
}
