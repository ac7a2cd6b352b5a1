"""What open pages are told without asking: `lesson_feed`, `list_feed`, `room_feed`, all paced by `coalescer`."""
