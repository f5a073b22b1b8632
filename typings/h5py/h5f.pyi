from .h5g import GroupID

class FileID(GroupID):
    def get_vfd_handle(self) -> int: ...
