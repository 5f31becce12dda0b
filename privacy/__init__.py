"""What may be seen: policy, treatments, tokens, keys, leak scan, officers' signatures."""
