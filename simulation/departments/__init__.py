"""One module per department: its records about a chunk of people, before any defect."""
