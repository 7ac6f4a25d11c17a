"""What the papers do not have: pages set upright, scales, ink, ruled lines."""
