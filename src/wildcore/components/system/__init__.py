"""The system itself: settings, components, schedules, information, logs, keys for billing."""
