from .h5g import GroupID

class FileID(GroupID):
    def get_vfd_handle(self) -> int: ...
    def get_filesize(self) -> int: ...

OBJ_ALL: int
OBJ_FILE: int

def get_obj_ids(where: int, types: int) -> list[FileID]: ...
