--- One line about a task, for the answer's window and for the user's status line.
local M = {}

local OUTCOMES = {
  applied = "applied",
  proposed = "proposed: :Rolecall diff, apply or discard",
}

local function outcome(task)
  local files = #task.result.files
  if files == 0 then
    return task.status
  end
  local what = task.result.applied and OUTCOMES.applied or OUTCOMES.proposed
  return ("%s, %d %s %s"):format(task.status, files, files == 1 and "file" or "files", what)
end

--- What a task is and how far it has come.
---@param task rolecall.Task
---@return string
function M.describe(task)
  local name = task.role:gsub("_", " ") .. (task.task and (" · " .. task.task:gsub("_", " ")) or "")
  if task.result then
    return ("%s · %s"):format(name, outcome(task))
  end
  local tokens = task.characters > 0 and (" · %d tokens"):format(math.max(1, math.floor(task.characters / 4))) or ""
  local note = task.note ~= "" and (" · " .. task.note) or ""
  return name .. tokens .. note
end

--- What runs, for the status line; empty when nothing does.
---@return string
function M.component()
  local tasks = require("rolecall.tasks")
  local newest = tasks.newest(tasks.is_running)
  if not newest then
    return ""
  end
  local running = #vim.tbl_filter(tasks.is_running, tasks.all)
  return "Rolecall: " .. M.describe(newest) .. (running > 1 and (" (+%d)"):format(running - 1) or "")
end

return M
