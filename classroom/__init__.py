"""The shared kernel of 牵手课堂 (Qianshou).

The four services (`media_server`, `room_agent`, `scheduler`, `web_ui`) import this package and never each other.

Glossary (the same words in code, API and pages)

- **Region** 区域: tenancy tree, province › city › county › central school.
- **School** 学校: `strong` 主讲校, `weak` 受援校, `point` 教学点; known by its 10-digit 学校标识码.
- **Room** 教室: a recording classroom with an agent 录播教室, or a receiving room 接收教室.
- **Lesson** 课: one dated meeting; its states are the table in `classroom.model.lesson`.
- **Source** 信号源: one published signal of a lesson (teacher, slides …).
- **Encoding**: one of several qualities of a source's picture, named by its RTP stream id (`rid`).
- **Viewer**: somebody who receives a lesson's sources.
- **Principal**: whoever is asking: an account, a device, a guest with a join token, or nobody.
- **Store**: what must survive. **Bus**: what must travel. **Presence**: what is true for the next seconds.
"""
