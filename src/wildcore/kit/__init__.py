"""What a component is made of."""
