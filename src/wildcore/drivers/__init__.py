"""Device knowledge: detection, decoders and capabilities."""
