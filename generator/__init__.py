"""Makes generated_client/ from spec/, checks that it is current, and compares the vendor's pages with the spec."""
